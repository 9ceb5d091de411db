//! The executions of all state machines as one list, the newest first, a page at a time. The API
//! lists those of one machine.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::ApiError;
use crate::failure::Failure;
use crate::sfn::{rows, text};

/// The position at which a page of the list begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PageToken {
    /// The start of the newest execution of the first page: one that started since would push what
    /// is further back from one page to the next, and is left out.
    until: Option<String>,
    /// The position in the list of each state machine. A list that is not here has come to its end.
    lists: BTreeMap<String, ListPosition>,
}

/// A place in the list of one state machine: what of the API's page at `token` was shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct ListPosition {
    token: Option<String>,
    shown: usize,
}

/// An execution as it is listed, and the place after it.
struct Entry {
    row: Value,
    after: ListPosition,
}

impl PageToken {
    /// The beginning of the lists of these state machines.
    pub(crate) fn first<'m>(machines: impl Iterator<Item = &'m str>) -> Self {
        let lists = machines.map(|machine| (machine.to_owned(), ListPosition::default()));
        Self {
            until: None,
            lists: lists.collect(),
        }
    }

    /// The page of at most `limit` executions that begins here, and where the next begins. `list`
    /// asks for a page of one state machine's list, by its ARN and token.
    pub(crate) async fn page<L>(
        mut self,
        limit: usize,
        list: impl Fn(String, Option<String>) -> L,
    ) -> Result<(Vec<Value>, Option<Self>), Failure>
    where
        L: Future<Output = Result<Value, ApiError>>,
    {
        let ahead = self.lists.iter().map(|(machine, mark)| {
            let ahead = self.ahead(mark, limit, |token| list(machine.clone(), token));
            async { Ok::<_, Failure>((machine.clone(), ahead.await?)) }
        });
        let mut listed: Vec<(String, Entry)> = Vec::new();
        let mut unread = BTreeMap::new();
        for (machine, (found, end)) in try_join_all(ahead).await? {
            unread.insert(machine.clone(), (found.len(), end));
            listed.extend(found.into_iter().map(|found| (machine.clone(), found)));
        }
        listed.sort_by(|(_, a), (_, b)| started(&b.row).cmp(&started(&a.row)));
        listed.truncate(limit);
        if self.until.is_none() {
            self.until = listed
                .first()
                .and_then(|(_, newest)| started(&newest.row))
                .map(str::to_owned);
        }
        let mut page = Vec::with_capacity(listed.len());
        for (machine, Entry { row, after }) in listed {
            if let Some((left, _)) = unread.get_mut(&machine) {
                *left -= 1;
            }
            self.lists.insert(machine, after);
            page.push(row);
        }
        for (machine, (left, end)) in unread {
            if left == 0 && end {
                self.lists.remove(&machine);
            }
        }
        let more = !self.lists.is_empty();
        Ok((page, more.then_some(self)))
    }

    /// Returns what comes after a mark, `limit` executions at least where there are as many, and
    /// whether that is the list's end.
    async fn ahead<L>(
        &self,
        mark: &ListPosition,
        limit: usize,
        list: impl Fn(Option<String>) -> L,
    ) -> Result<(Vec<Entry>, bool), Failure>
    where
        L: Future<Output = Result<Value, ApiError>>,
    {
        let (mut found, mut token, mut shown) = (Vec::new(), mark.token.clone(), mark.shown);
        loop {
            let answer = list(token.clone()).await?;
            let next = text(&answer, "NextToken").map(str::to_owned);
            let known = rows(&answer, "Executions").iter().filter(|row| {
                let until = self.until.as_deref();
                until.is_none_or(|until| started(row) <= Some(until))
            });
            for (row, passed) in known.zip(1..) {
                if shown > 0 {
                    shown -= 1;
                    continue;
                }
                let after = ListPosition {
                    token: token.clone(),
                    shown: passed,
                };
                let row = row.clone();
                found.push(Entry { row, after });
            }
            if next.is_none() || found.len() >= limit {
                return Ok((found, next.is_none()));
            }
            token = next;
        }
    }
}

/// RFC 3339 with the same number of digits sorts as text.
fn started(row: &Value) -> Option<&str> {
    text(row, "StartDate")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Lists of executions by machine, the newest first, in pages of some size.
    struct Api {
        lists: RefCell<BTreeMap<String, Vec<u32>>>,
        rows: usize,
    }

    impl Api {
        /// As the API does it: a token is the last execution of the page before, so what is new
        /// moves no page.
        fn list(&self, machine: &str, token: Option<&str>) -> Value {
            let lists = self.lists.borrow();
            let before: u32 = token.map_or(u32::MAX, |token| token.parse().unwrap());
            let left: Vec<u32> = lists[machine]
                .iter()
                .copied()
                .filter(|moment| *moment < before)
                .collect();
            let page = &left[..left.len().min(self.rows)];
            let next = (left.len() > page.len()).then(|| page.last().unwrap().to_string());
            let rows = page
                .iter()
                .map(|moment| json!({ "StartDate": format!("{moment:010}") }));
            json!({ "Executions": rows.collect::<Vec<_>>(), "NextToken": next })
        }
    }

    /// Returns all pages, one after another; `between` may start executions after each.
    fn pages(api: &Api, limit: usize, between: impl Fn()) -> Vec<Vec<u32>> {
        let machines: Vec<String> = api.lists.borrow().keys().cloned().collect();
        let mut position = Some(PageToken::first(machines.iter().map(String::as_str)));
        let mut pages = Vec::new();
        while let Some(here) = position {
            // As the page's URL carries it.
            let here: PageToken =
                serde_json::from_str(&serde_json::to_string(&here).unwrap()).unwrap();
            let page = here.page(limit, async |machine, token| {
                Ok(api.list(&machine, token.as_deref()))
            });
            let (rows, next) = futures::executor::block_on(page).ok().unwrap();
            let moment = |row: &Value| started(row).unwrap().parse().unwrap();
            pages.push(rows.iter().map(moment).collect());
            position = next;
            between();
        }
        pages
    }

    proptest! {
        #[test]
        fn every_execution_is_on_one_page_however_many_start_meanwhile(
            lists in prop::collection::vec(prop::collection::btree_set(0u32..500, 0..40), 0..4),
            rows in 1usize..9,
            fewer in 0usize..9,
            new in 0u32..30,
        ) {
            let limit = rows.saturating_sub(fewer).max(1);
            let all = lists.iter().map(|list| list.iter().rev().copied().collect::<Vec<_>>());
            let names = (b'a'..).map(|name| char::from(name).to_string());
            let lists: BTreeMap<String, Vec<u32>> = names.zip(all).collect();
            let mut expected: Vec<u32> = lists.values().flatten().copied().collect();
            expected.sort_by(|a, b| b.cmp(a));
            let api = Api { lists: RefCell::new(lists), rows };
            let clock = RefCell::new(1000);
            let pages = pages(&api, limit, || {
                for list in api.lists.borrow_mut().values_mut() {
                    for _ in 0..new {
                        *clock.borrow_mut() += 1;
                        list.insert(0, *clock.borrow());
                    }
                }
            });
            let (last, full) = match pages.split_last() {
                Some((last, full)) => (&last[..], full),
                None => (&[][..], &[][..]),
            };
            prop_assert!(full.iter().all(|page| page.len() == limit));
            prop_assert!(last.len() <= limit && (!last.is_empty() || full.is_empty()));
            let found: Vec<u32> = pages.concat();
            prop_assert_eq!(found, expected);
        }
    }
}
