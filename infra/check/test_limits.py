"""docs/limits.md: each known difference from AWS names a test, and the test is there."""

import re

import application


def rows(text):
    """The cells of the table of known differences, a list a row."""
    section = text.split("## Known differences from AWS\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def is_a_test(named):
    """Whether `FILE::FUNCTION` is a test in Rust: a function whose attributes, after the last empty line, have one of a test."""
    file, _, function = named.partition("::")
    path = application.ROOT / file
    if not path.is_file() or not function:
        return False
    before, found, _ = path.read_text().partition(f"fn {function}(")
    return bool(found) and re.search(r"\btest[\](]", before.rsplit("\n\n", 1)[-1]) is not None


def test_each_known_difference_from_aws_names_a_test_that_is_there():
    found = rows((application.ROOT / "docs" / "limits.md").read_text())
    assert len(found) > 20
    for row in found:
        assert len(row) == 4, row
        assert is_a_test(row[3].strip("`")), f"docs/limits.md: there is no test {row[3]}"


def test_a_test_that_is_not_there_is_seen():
    assert is_a_test("infra/local/s3/src/tests/errors.rs::refusals_read_like_awss")
    for named in ("tests/documents.rs::links", "tests/documents.rs::none", "tests/none.rs::rows", "none", ""):
        assert not is_a_test(named), named
