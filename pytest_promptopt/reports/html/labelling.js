"use strict";
(() => {
  const part = (id) => document.getElementById(id);
  const token = location.pathname.split("/")[1];
  let rater = "", shown = null, isBusy = false;

  /* An element with its text. Text is only ever set as text. */
  function make(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /* The name is asked once a tab, where the browser keeps anything. */
  function remembered(name) {
    try {
      if (name !== undefined) sessionStorage.setItem("rater", name);
      return sessionStorage.getItem("rater") || "";
    } catch {
      return name || "";
    }
  }

  function warn(text) {
    part("problem").textContent = text;
    part("problem").hidden = !text;
  }

  async function say(act, more = {}) {
    if (isBusy) return;
    isBusy = true;
    try {
      const answer = await fetch("said", {
        method: "POST",
        headers: {"Content-Type": "application/json", "X-Promptopt-Token": token},
        body: JSON.stringify({act, rater, question: shown ? shown.id : "", ...more}),
      });
      const isState = answer.headers.get("Content-Type").startsWith("application/json");
      if (isState) show(await answer.json(), answer.ok);
      else warn(answer.status === 404 ? "There is nothing at this address any more: the latest run is without this prompt, or promptopt view was started anew. What was said is kept; open the address that it prints." : await answer.text());
    } catch {
      warn("Nobody answers; what was said before is kept. Start promptopt view again, and open the address that it prints.");
    } finally {
      isBusy = false;
    }
  }

  function ask() {
    part("by").hidden = part("question").hidden = part("outcome").hidden = part("bar").hidden = true;
    part("who").hidden = false;
    part("name").focus();
    part("name").select();
  }

  function show(state, isFine) {
    rater = remembered(state.rater);
    shown = state.question;
    part("who").hidden = true;
    part("by").hidden = part("bar").hidden = false;
    part("rater").textContent = rater;
    part("remarks").replaceChildren(...state.remarks.map((text) => make("li", {}, text)));
    warn(isFine ? "" : state.told);
    part("told").textContent = isFine ? state.told : "";
    part("undo").hidden = state.place === 0;
    part("skip").hidden = !shown || state.outcome !== null;
    part("finish").hidden = state.outcome !== null;
    part("question").hidden = !shown || state.outcome !== null;
    part("outcome").hidden = state.outcome === null;
    part("choices").replaceChildren();
    if (state.outcome !== null) tell(state);
    else draw(state);
  }

  function tell(state) {
    part("told-outcome").replaceChildren(...state.outcome.map((text) => make("li", {}, text)));
    part("again").hidden = !state.left;
    part("again").textContent = shown ? "go on" : "ask what was skipped";
    part("outcome-heading").focus();
  }

  function draw(state) {
    part("progress").max = state.of;
    part("progress").value = state.place;
    part("heading").textContent = `${state.place + 1} of ${state.of}: ${shown.judge}`;
    part("parts").replaceChildren(...shown.parts.map(([name, text]) =>
      make("div", {class: `pane ${name}`}, make("h3", {}, name), make("pre", {tabindex: "0", "aria-label": name}, text))));
    part("choices").replaceChildren(...shown.choices.map(([name, keys], number) => {
      const button = make("button", {type: "button", "aria-keyshortcuts": keys.join(" ")}, ...keys.flatMap((key) => [make("kbd", {}, key), " "]), name);
      button.addEventListener("click", () => say("choose", {choice: number}));
      return button;
    }));
    scrollTo(0, 0);
    part("heading").focus({preventScroll: true});
  }

  for (const act of ["undo", "skip", "finish"]) part(act).addEventListener("click", () => say(act));
  part("again").addEventListener("click", () => say("see"));
  part("change").addEventListener("click", ask);
  part("who").addEventListener("submit", (event) => {
    event.preventDefault();
    rater = part("name").value;
    say("see");
  });
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || !part("who").hidden) return;
    const key = event.key.toLowerCase();
    const choices = [...part("choices").children];
    const command = {u: "undo", s: "skip", q: "finish"}[key];
    const button = command ? part(command) : choices.find((_, number) => shown.choices[number][1].includes(key));
    if (!button || button.hidden || part("bar").hidden) return;
    event.preventDefault();
    button.click();
  });

  rater = remembered();
  if (rater) say("see");
  else ask();
})();
