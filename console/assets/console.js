// Keeps pages up to date and sends dropped files. Pages hold all there is to see without it.
(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  const LINES = 2000; // of a log, before the oldest go

  // Puts new markup where a part of the page is. What was unfolded or focused stays so; where nothing changed, all does: a
  // stream begins with what the page already shows.
  function put(id, markup) {
    const part = at(id);
    if (!part) return;
    const made = document.createElement("template");
    made.innerHTML = markup;
    const now = [...made.content.childNodes];
    if (now.length === part.childNodes.length && now.every((node, i) => node.isEqualNode(part.childNodes[i]))) return;
    const focusable = "a, button, summary, input, select";
    const focus = [...part.querySelectorAll(focusable)].indexOf(document.activeElement);
    const open = new Set([...part.querySelectorAll("details[id][open]")].map((details) => details.id));
    part.replaceChildren(...now);
    for (const details of part.querySelectorAll("details[id]")) if (open.has(details.id)) details.open = true;
    if (focus >= 0) part.querySelectorAll(focusable)[focus]?.focus({ preventScroll: true });
  }

  function add(tail, markup) {
    const atEnd = tail.scrollHeight - tail.scrollTop - tail.clientHeight < 40;
    tail.insertAdjacentHTML("beforeend", markup);
    while (tail.childElementCount > LINES) tail.firstElementChild.remove();
    if (atEnd) tail.scrollTop = tail.scrollHeight;
  }

  // One stream for a page, and none while nobody looks: a browser has only six connections to a host.
  function watch(root) {
    let source = null;
    let over = false;
    const apply = (event) => Object.entries(JSON.parse(event.data)).forEach(([id, markup]) => put(id, markup));
    const end = () => {
      over = true;
      source.close();
    };
    const look = () => {
      source?.close();
      if (over || document.hidden) return;
      source = new EventSource(root.dataset.live);
      const tail = root.querySelector("[data-tail]");
      source.onopen = () => tail?.replaceChildren();
      source.onmessage = apply;
      source.addEventListener("more", (event) => add(tail, JSON.parse(event.data)));
      source.addEventListener("last", (event) => (apply(event), end()));
      source.addEventListener("gone", end);
    };
    document.addEventListener("visibilitychange", look);
    // After the first paint, which it would hold up: a frame's callbacks run before that frame is painted.
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(look)));
  }
  document.querySelectorAll("[data-live]").forEach(watch);

  // A picture that is not there leaves an empty place.
  const gone = (image) => image.classList.add("gone");
  document.addEventListener("error", (event) => event.target.tagName === "IMG" && gone(event.target), true);
  document.querySelectorAll("img:not([loading])").forEach((image) => image.complete && !image.naturalWidth && gone(image));

  // A graph that is wider than its place begins where the execution is.
  const graph = at("graph");
  if (graph && graph.scrollWidth > graph.clientWidth) {
    const found = [".running", ".failed", ".end"].map((state) => graph.querySelector(state)).find(Boolean);
    const middle = (element) => element.getBoundingClientRect().left + element.getBoundingClientRect().width / 2;
    if (found) graph.scrollLeft += middle(found) - middle(graph);
  }

  // A link to a step unfolds it.
  const unfold = () => {
    const details = location.hash && at(location.hash.slice(1))?.querySelector("details");
    if (details) details.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();

  async function ask(url, options) {
    const answer = await fetch(url, options);
    if (answer.ok) return answer.json();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    throw new Error(page.querySelector(".notice p, body")?.textContent.trim() || answer.statusText);
  }

  const drop = at("drop");
  async function send(file, alone) {
    const row = at("uploads").appendChild(document.createElement("li"));
    row.textContent = `${file.name}: uploading`;
    try {
      const headers = { "content-type": file.type || "application/octet-stream" };
      const url = `${drop.dataset.upload}?name=${encodeURIComponent(file.name)}`;
      const sent = await ask(url, { method: "POST", body: file, headers });
      row.textContent = `${file.name}: stored; its execution starts`;
      const started = await ask(sent.wait);
      const link = Object.assign(document.createElement("a"), { href: started.href, textContent: started.name });
      row.replaceChildren(`${file.name}: execution `, link);
      if (alone) location.assign(started.href);
    } catch (error) {
      row.className = "error";
      row.textContent = `${file.name}: ${error.message}`;
    }
  }
  if (drop) {
    const all = async (files) => {
      for (const file of files) await send(file, files.length === 1);
    };
    const over = (event) => {
      event.preventDefault();
      drop.classList.toggle("over", event.type === "dragover");
    };
    ["dragover", "dragleave", "drop"].forEach((type) => drop.addEventListener(type, over));
    drop.addEventListener("drop", (event) => all([...event.dataTransfer.files]));
    at("files").addEventListener("change", (event) => all([...event.target.files]));
  }

  // Says while one writes whether an input is JSON.
  const input = document.querySelector("textarea[data-json]");
  if (input) {
    const check = () => {
      const hint = at("json-hint");
      try {
        JSON.parse(input.value);
        hint.textContent = "";
      } catch (error) {
        hint.textContent = error.message;
      }
    };
    input.addEventListener("input", check);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) input.form.requestSubmit();
    });
    check();
  }

  // A label is one click: the answer says what is written, and the page stays where it is.
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-inline]");
    if (!form) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    try {
      const answer = await ask(form.action, { method: "POST", body, headers: { accept: "application/json" } });
      put(form.dataset.inline, answer.markup);
    } catch (error) {
      form.querySelector("[role=status]").textContent = error.message;
    }
  });
})();
