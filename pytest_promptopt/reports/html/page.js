"use strict";
(() => {
  const CHUNK = 100;
  const SIGNS = {passed: "✓", missed: "✗", error: "!", "not scored": "?", "not run": "–", "not needed": "·"};
  const NEED = ["error", "missed", "not scored", "not run", "passed", "not needed"];
  const {prompts, texts, goldens} = JSON.parse(document.getElementById("data").textContent);

  /* A page that is served asks whether there are new results. */
  const {version} = document.documentElement.dataset;
  if (version) {
    setInterval(async () => {
      const answer = await fetch("version").catch(() => null);
      if (answer?.ok && await answer.text() !== version) location.reload();
    }, 1000);
  }

  /* An element with what is in it. Text is only ever set as text. */
  function make(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
      else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return made;
  }

  const score = (value) => (value === undefined ? "–" : value.toFixed(2));
  const need = (g) => NEED.indexOf(g.o) * 2 + (g.m === "broken" ? 0 : 1);
  const name = (g) => `${g.p}/${g.i}`;

  /* Prompts: a row opens what is said of it. */
  function togglePrompt(button, isOpen) {
    button.setAttribute("aria-expanded", isOpen);
    document.getElementById(button.getAttribute("aria-controls")).classList.toggle("open", isOpen);
  }
  const promptButtons = [...document.querySelectorAll(".prompts .name button")];
  for (const button of promptButtons) {
    button.addEventListener("click", () => togglePrompt(button, button.getAttribute("aria-expanded") !== "true"));
  }
  if (promptButtons.length === 1) togglePrompt(promptButtons[0], true);

  /* A text with the words marked that another one has not, or that only the other has. */
  function compared(old, now, runs) {
    if (!runs) return [now];
    const from = Array.from(old), to = Array.from(now);
    let before = 0, after = 0;
    return [...runs.matchAll(/([=+-])(\d+)/g)].map(([, sign, digits]) => {
      const length = Number(digits);
      if (sign === "-") return make("del", {}, from.slice(before, (before += length)).join(""));
      const text = to.slice(after, (after += length)).join("");
      if (sign === "+") return make("ins", {}, text);
      before += length;
      return text;
    });
  }

  function pane(title, ...content) {
    return make("div", {class: "pane"}, make("h3", {}, title), make("pre", {tabindex: "0", "aria-label": title}, ...content));
  }

  function folded(title, text) {
    return text ? make("details", {}, make("summary", {}, title), make("pre", {tabindex: "0", "aria-label": title}, text)) : null;
  }

  function answerPanes(g) {
    const answers = g.a || [];
    return answers.map((answer, number) => {
      const of = answers.length > 1 ? ` ${number + 1} of ${answers.length}` : "";
      const sign = answer.p === undefined || answers.length === 1 ? "" : answer.p ? " ✓ passed" : " ✗ missed";
      const isCompared = number === g.k && g.d;
      const made = pane(`answer${of}${sign}${isCompared ? ", against expected" : ""}`, ...(isCompared ? compared(g.x, answer.t || "", g.d) : [answer.t || ""]));
      made.append(...[folded("reasoning", answer.r), folded("all that was said", answer.w)].filter(Boolean));
      return made;
    });
  }

  function basePane(g) {
    if (!g.ba) return null;
    const made = pane(`answer at the base ${SIGNS[g.b.o]} ${g.b.o} ${score(g.b.s)}`, g.ba.t || "");
    if (g.bd) made.append(make("details", {open: true}, make("summary", {}, "from the base to now"),
      make("pre", {tabindex: "0", "aria-label": "difference from the base"}, ...compared(g.ba.t, g.a[g.k].t || "", g.bd))));
    return made;
  }

  function marks(g) {
    if (!g.e) return null;
    const rows = g.e.map((mark) => make("tr", {},
      make("td", {}, mark.s === undefined ? "? not scored" : mark.p ? "✓ passed" : "✗ missed"),
      make("th", {scope: "row"}, mark.n + (mark.f ? " (optional)" : "")),
      make("td", {class: "number"}, score(mark.s)), make("td", {}, mark.y || "")));
    const head = ["", "evaluator", "score", "reason"].map((text) => text ? make("th", {scope: "col"}, text) : make("td", {}));
    return make("table", {class: "marks"}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  }

  /* The same golden as other models answered it. */
  function otherModels(g) {
    const location = prompts[g.p].l;
    const others = goldens.filter((other) => other.i === g.i && other.p !== g.p && prompts[other.p].l === location);
    return others.map((other) => {
      const answer = other.k === undefined ? {} : other.a[other.k];
      return pane(`${prompts[other.p].m} ${SIGNS[other.o]} ${other.o} ${score(other.s)}`, answer.t || other.y || "");
    });
  }

  /* What the model was sent: the values of the golden are marked. */
  function messages(g) {
    if (!g.h) return null;
    const panes = g.h.map(([role, ...pieces]) => pane(role, ...pieces.map((piece) =>
      Array.isArray(piece) ? make("mark", {}, ...piece) : texts[piece])));
    return make("details", {}, make("summary", {}, "messages as they were sent"), make("div", {class: "panes"}, ...panes));
  }

  function facts(g) {
    const [read, written] = g.u;
    return [
      prompts[g.p].m, g.at, g.t && `tags: ${g.t.join(", ")}`, g.r && "required", g.w !== undefined && `weight ${g.w}`, g.g && `cluster ${g.g}`,
      `${read + written} tokens`, g.c === undefined ? "cost unknown" : `$${g.c}`, g.l && `${g.l} s`, g.v && "nothing was sent",
    ].filter(Boolean).join(" · ");
  }

  function opened(g) {
    const others = otherModels(g);
    return [
      make("p", {class: "dim"}, facts(g)),
      ...[g.y, ...(g.n || [])].filter(Boolean).map((text) => make("p", {}, text)),
      make("div", {class: "panes"}, pane("input", g.q || ""), g.x === undefined ? null : pane("expected", g.x)),
      make("div", {class: "panes"}, ...answerPanes(g), basePane(g)),
      others.length ? make("div", {class: "panes"}, ...others) : null,
      marks(g),
      messages(g),
    ].filter(Boolean);
  }

  /* The table of goldens, built a chunk at a time. */
  const explorer = document.getElementById("explorer");
  if (!explorer) return;
  const state = {outcome: "", prompt: "", tag: "", evaluator: "", text: "", sort: "need", isDown: false};
  const open = new Set();
  let found = [], shown = 0;

  const outcomes = {
    all: () => true,
    missed: (g) => g.o === "missed",
    "newly broken": (g) => g.m === "broken",
    fixed: (g) => g.m === "fixed",
    error: (g) => g.o === "error",
    "not scored": (g) => g.o === "not scored",
    "not run": (g) => g.o === "not run",
    "not needed": (g) => g.o === "not needed",
    passed: (g) => g.o === "passed",
  };
  const sorts = {
    need,
    golden: (g) => g.i,
    score: (g) => (g.s === undefined ? -1 : g.s),
  };

  function hay(g) {
    g.hay ??= [g.i, g.q, g.x, g.y, ...(g.t || []), ...(g.a || []).map((a) => a.t)].join("\n").toLowerCase();
    return g.hay;
  }

  function matches(g) {
    return (state.prompt === "" || g.p === Number(state.prompt))
      && (!state.tag || (g.t || []).includes(state.tag))
      && (!state.evaluator || (g.e || []).some((mark) => mark.n === state.evaluator && !mark.p))
      && (!state.text || hay(g).includes(state.text));
  }

  function row(g) {
    const id = `g${goldens.indexOf(g)}`;
    const button = make("button", {type: "button", class: "id", "aria-expanded": "false", "aria-controls": id}, g.i);
    const kind = g.o === "passed" ? "passed" : g.o === "missed" ? "missed" : g.o === "error" ? "error" : "unsure";
    const made = make("tr", {class: "row"},
      make("td", {class: `outcome is-${kind}`}, make("span", {class: "sign", "aria-hidden": "true"}, SIGNS[g.o]), " ", g.o,
        g.m ? make("span", {class: `moved ${g.m}`}, g.m === "broken" ? "newly broken" : "fixed") : null),
      make("td", {class: "golden"}, button, prompts.length > 1 ? make("span", {class: "where"}, prompts[g.p].k) : null),
      make("td", {class: "cut"}, (g.q || "").slice(0, 300)),
      make("td", {class: "cut"}, (g.y || (g.k === undefined ? "" : g.a[g.k].t || "")).slice(0, 300)),
      make("td", {class: "score number"}, score(g.s)));
    const toggle = () => {
      const isOpen = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", isOpen);
      made.classList.toggle("open", isOpen);
      if (isOpen) {
        open.add(name(g));
        made.after(make("tr", {class: "opened", id}, make("td", {colspan: "5"}, ...opened(g))));
        history.replaceState(null, "", `#${encodeURIComponent(name(g))}`);
      } else {
        open.delete(name(g));
        made.nextElementSibling.remove();
      }
    };
    made.addEventListener("click", toggle);
    return {made, toggle};
  }

  function more() {
    const next = found.slice(shown, shown + CHUNK);
    shown += next.length;
    for (const g of next) {
      const {made, toggle} = row(g);
      body.append(made);
      if (open.has(name(g))) toggle();
    }
    moreButton.hidden = shown === found.length;
    moreButton.textContent = `show ${Math.min(CHUNK, found.length - shown)} more`;
  }

  function refresh() {
    const matching = goldens.filter(matches);
    for (const [word, {label, count, input}] of Object.entries(choices)) {
      const size = matching.filter(outcomes[word]).length;
      count.textContent = ` ${size.toLocaleString("en")}`;
      label.hidden = !goldens.some(outcomes[word]);
      input.checked = word === state.outcome;
    }
    const by = sorts[state.sort], way = state.isDown ? -1 : 1;
    found = matching.filter(outcomes[state.outcome]);
    found.sort((one, other) => (by(one) < by(other) ? -way : by(one) > by(other) ? way : 0));
    status.textContent = `${found.length.toLocaleString("en")} of ${goldens.length.toLocaleString("en")}`;
    for (const [key, heading] of Object.entries(headings)) {
      heading.setAttribute("aria-sort", key !== state.sort ? "none" : state.isDown ? "descending" : "ascending");
    }
    shown = 0;
    body.replaceChildren();
    more();
  }

  function select(label, key, options) {
    if (options.length < 2) return null;
    const change = (event) => { state[key] = event.target.value; refresh(); };
    const made = [make("option", {value: ""}, label), ...options.map(([value, text]) => make("option", {value}, text))];
    return make("select", {"aria-label": label, on: {change}}, ...made);
  }

  const sorted = (values) => [...new Set(values)].sort().map((value) => [value, value]);
  const choices = {};
  for (const word of Object.keys(outcomes)) {
    const input = make("input", {type: "radio", name: "outcome", value: word, on: {change: () => { state.outcome = word; refresh(); }}});
    const count = make("span", {class: "dim"});
    choices[word] = {input, count, label: make("label", {class: "choice"}, input, word, count)};
  }
  const search = make("input", {type: "search", placeholder: "search ids, inputs, answers, tags", "aria-label": "search", on: {input: (event) => {
    state.text = event.target.value.toLowerCase();
    refresh();
  }}});
  const status = make("span", {role: "status"});
  const headings = {};
  function heading(text, key, className) {
    const sort = () => {
      state.isDown = state.sort === key && !state.isDown;
      state.sort = key;
      refresh();
    };
    headings[key] = make("th", {scope: "col", class: className}, make("button", {type: "button", on: {click: sort}}, text));
    return headings[key];
  }
  const promptSelect = select("all prompts", "prompt", prompts.map((prompt, number) => [String(number), prompt.k]));
  for (const link of document.querySelectorAll("a[data-prompt]")) {
    link.addEventListener("click", () => {
      promptSelect.value = state.prompt = link.dataset.prompt;
      refresh();
    });
  }
  const body = make("tbody");
  const moreButton = make("button", {type: "button", class: "more", on: {click: more}});
  explorer.append(
    make("div", {class: "filters"},
      make("fieldset", {}, make("legend", {class: "unseen"}, "outcome"), ...Object.values(choices).map((choice) => choice.label)),
      promptSelect,
      select("all tags", "tag", sorted(goldens.flatMap((g) => g.t || []))),
      select("missed on any evaluator", "evaluator", sorted(goldens.flatMap((g) => (g.e || []).map((mark) => mark.n)))),
      search, status),
    make("table", {class: "goldens"},
      make("thead", {}, make("tr", {}, heading("outcome", "need", "outcome"), heading("golden", "golden", "golden"),
        make("th", {scope: "col"}, "input"), make("th", {scope: "col"}, "why, or what was answered"), heading("score", "score", "score"))),
      body),
    moreButton);

  const wanted = decodeURIComponent(location.hash.slice(1));
  const isLinked = goldens.some((g) => name(g) === wanted);
  state.outcome = isLinked ? "all" : ["missed", "error"].find((word) => goldens.some(outcomes[word])) || "all";
  if (isLinked) {
    open.add(wanted);
    state.prompt = "";
    goldens.unshift(...goldens.splice(goldens.findIndex((g) => name(g) === wanted), 1));
    state.sort = "linked";
    sorts.linked = (g) => (name(g) === wanted ? -1 : need(g));
  }
  refresh();
  if (isLinked) body.firstElementChild.scrollIntoView();

  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting) && shown < found.length && shown) more();
  }, {rootMargin: "400px"}).observe(moreButton);
})();
