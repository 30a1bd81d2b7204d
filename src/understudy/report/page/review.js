"use strict";
(() => {
  const { $, make, button, words, placeOf, unpack, money } = understudy;
  if (!$("review-app")) return;
  const CHOICES = [
    ["candidate_right", "Candidate right"], ["people_right", "People right"],
    ["both_acceptable", "Both acceptable"], ["neither", "Neither"],
  ];
  const LINKS = [["link_right", "They belong together"], ["link_wrong", "They do not"]];
  const choicesOf = (one) => (one.key === "link" ? LINKS : CHOICES);
  const token = new URLSearchParams(location.search).get("token") || "";
  const GONE = "the server does not answer";
  let data = null, subjects = [], told = [], place = 0, counted = -1, trouble = "";

  const kept = () => "understudy-decisions-" + data.run;
  const store = {
    get(name) { try { return localStorage.getItem(name); } catch { return null; } },
    set(name, value) { try { localStorage.setItem(name, value); } catch { /* a page of its own keeps them in memory */ } },
  };
  const identity = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
  const who = () => $("r-who").value.trim();

  const undoneIds = () => new Set(told.map((one) => one.undoes).filter(Boolean));

  function standing() {
    const undone = undoneIds(), found = new Map();
    for (const one of told) {
      if (!one.choice || undone.has(one.decision_id)) continue;
      const name = nameOf({ id: one.case_id, key: one.subject });
      if (!found.has(name)) found.set(name, new Map());
      found.get(name).set(one.reviewer, one);
    }
    return found;
  }

  const allSubjects = () => [
    ...data.items.map(([caseId, id, key, kind, severity, cost, operation, text, bound]) => ({ caseId, id: id ?? caseId, key, kind, severity, cost, operation, text, bound })),
    ...data.links.map(([caseId, id]) => ({ caseId, id: id ?? caseId, key: "link", kind: "weak link", severity: "none", cost: 0, operation: "", text: "People's actions in other systems are linked to this case by weak signs only. Do they belong to it?", bound: false })),
  ];
  const saidOf = (held, one) => held.get(nameOf(one)) || new Map();
  const nameOf = (one) => one.id + "\u0000" + one.key;
  const splits = (each) => new Set([...each.values()].map((one) => one.choice)).size > 1;

  function chosen(held) {
    const show = $("r-show").value, me = who();
    return subjects.filter((one) => {
      const said = saidOf(held, one);
      if (show === "links") return one.key === "link";
      if (show === "conflict") return splits(said);
      if (show === "mine") return said.has(me);
      if (show === "open") return !said.has(me);
      return one.key !== "link";
    });
  }

  function draw() {
    const held = standing(), queue = chosen(held), me = who();
    place = Math.min(Math.max(place, 0), Math.max(queue.length - 1, 0));
    const open = subjects.filter((one) => !saidOf(held, one).has(me)).length;
    const split = [...held.values()].filter(splits).length;
    const left = data.left_out ? `; ${data.left_out.toLocaleString("en")} cheaper ones are not listed` : "";
    $("r-count").textContent = `${queue.length.toLocaleString("en")} shown, ${open.toLocaleString("en")} open to you, ${split} in conflict${left}${trouble ? "; " + trouble : ""}`;
    const typed = $("r-reason");
    const text = typed ? typed.value : "", same = typed && queue[place] && typed.dataset.name === nameOf(queue[place]);
    const focused = typed && document.activeElement === typed;
    $("r-now").replaceChildren(...(queue.length ? card(queue[place], held, queue.length) : [make("p", "Nothing to show here.", "note")]));
    if (same) $("r-reason").value = text;
    if (focused && $("r-reason")) $("r-reason").focus();
    $("r-undo").disabled = !mine(held);
    log(held);
    tell(held);
  }

  function card(one, held, count) {
    const box = make("article", null, "case"), head = make("h3");
    const link = make("a");
    link.href = placeOf(one.caseId);
    link.append(make("code", one.caseId));
    head.append(link, " ", make("span", one.key === "link" ? "" : money(one.cost), "price"));
    const what = make("p");
    if (one.key !== "link") what.append(make("span", one.severity, "sev s-" + one.severity), " ", make("strong", words(one.kind)), " ", make("code", one.operation), " ");
    what.append(one.text);
    box.append(make("p", `${place + 1} of ${count.toLocaleString("en")}, the costliest first`, "note"), head, what);
    if (one.bound) box.append(make("p", "This rests on the policy, not on what people did: accepting it changes no price; it takes a waiver.", "note bad"));
    const said = saidOf(held, one);
    if (said.size) {
      const list = make("ul", null, splits(said) ? "said bad" : "said");
      for (const each of said.values()) list.append(make("li", `${each.reviewer}: ${words(each.choice)} (${each.reason})`));
      box.append(...(splits(said) ? [make("p", "Conflict: reviewers disagree, and nothing is taken up before they agree.", "bad")] : []), list);
    }
    const label = make("label", "Reason "), reason = make("input");
    reason.id = "r-reason";
    reason.maxLength = 2000;
    reason.dataset.name = nameOf(one);
    label.append(reason);
    const row = make("p", null, "row");
    choicesOf(one).forEach(([choice, text], number) => row.append(button(`${number + 1} ${text}`, () => decide(one, choice))));
    const step = (text, by) => button(text, () => { place += by; draw(); });
    const walk = make("p", null, "row");
    walk.append(step("Previous (p)", -1), " ", step("Next (n)", 1));
    box.append(label, row, walk);
    return [box];
  }

  // For the filter of the list: of each case what was said of any of its findings.
  function tell(held) {
    if (counted === told.length) return;
    counted = told.length;
    const shownAs = new Map(subjects.map((one) => [one.id, one.caseId])), found = new Map();
    for (const [name, said] of held) {
      const id = name.split("\u0000")[0], caseId = shownAs.get(id) ?? id;
      const all = found.get(caseId) || new Set(["any"]);
      for (const one of said.values()) all.add(one.choice);
      if (splits(said)) all.add("conflict");
      found.set(caseId, all);
    }
    understudy.decided = found;
    document.dispatchEvent(new CustomEvent("understudy-decided"));
  }

  function log(held) {
    const undone = undoneIds(), list = make("ul");
    for (const one of told.filter((each) => each.choice).slice(-200).reverse()) {
      const item = make("li", `${one.reviewer}: ${one.case_id}, ${words(one.choice)}, ${one.reason}${undone.has(one.decision_id) ? " (undone)" : ""} `);
      if (one.reviewer === who() && !undone.has(one.decision_id)) item.append(button("Undo", () => undo(one)));
      list.append(item);
    }
    $("r-log").replaceChildren(list.childElementCount ? list : make("p", "None yet.", "note"));
  }

  const mine = (held) => {
    const own = [...held.values()].map((each) => each.get(who())).filter(Boolean);
    return told.filter((one) => own.includes(one)).pop();
  };

  async function send(decision) {
    if (!data.served) {
      told.push({ ...decision, at: new Date().toISOString(), seeded: false, schema: "understudy/decision/1" });
      store.set(kept(), JSON.stringify(told));
      trouble = "";
      return true;
    }
    try {
      const answer = await fetch("decisions", { method: "POST", headers: { "Content-Type": "application/json", Authorization: "Bearer " + token }, body: JSON.stringify(decision) });
      trouble = answer.ok ? "" : (await answer.text()).trim();
      if (answer.ok) await fetchAll();
      return answer.ok;
    } catch {
      trouble = GONE + "; nothing was taken down";
      return false;
    }
  }

  async function fetchAll() {
    const answer = await fetch("decisions", { headers: { Authorization: "Bearer " + token } });
    if (!answer.ok) { trouble = (await answer.text()).trim(); return; }
    const found = await answer.json();
    told = found.decisions;
    if (trouble === GONE) trouble = "";
    if (found.damaged.length) trouble = `${found.damaged.length} lines of decisions.jsonl cannot be read`;
  }

  async function decide(one, choice) {
    const reason = $("r-reason").value.trim();
    if (!who()) { trouble = "say your name first"; draw(); $("r-who").focus(); return; }
    if (!reason) { trouble = "a decision needs a reason"; draw(); $("r-reason").focus(); return; }
    const show = $("r-show").value;
    const done = await send({ decision_id: identity(), at: "", reviewer: who(), case_id: one.id, subject: one.key, choice, reason });
    if (done) { $("r-reason").value = ""; if (show !== "open" && show !== "conflict") place += 1; }
    draw();
    if (done && $("r-reason")) $("review").focus();
  }

  async function undo(one) {
    await send({ decision_id: identity(), at: "", reviewer: who(), case_id: one.case_id, subject: one.subject, undoes: one.decision_id });
    draw();
  }

  function exported() {
    const lines = told.map((one) => JSON.stringify(one) + "\n");
    const link = make("a");
    link.href = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
    link.download = "decisions.jsonl";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    const queue = chosen(standing()), one = queue[place];
    const number = Number(event.key);
    if (one && number >= 1 && number <= 4) {
      const choice = choicesOf(one)[number - 1];
      if (choice) decide(one, choice[0]);
    } else if (event.key === "n") { place += 1; draw(); }
    else if (event.key === "p") { place -= 1; draw(); }
    else if (event.key === "o" && one) location.hash = placeOf(one.caseId);
    else if (event.key === "u" && mine(standing())) undo(mine(standing()));
    else return;
    event.preventDefault();
  }

  async function start() {
    data = await unpack("review");
    subjects = allSubjects();
    $("r-how").textContent = data.served
      ? "What you decide is written down at once, with your name and reason, and other reviewers see it. A few of the findings were put there to measure how many errors reviewers see; they change no figure on this page."
      : "What you decide stays in this browser until you export it: understudy judge RUN --decisions decisions.jsonl takes it up.";
    if (data.served) await fetchAll();
    else { try { told = JSON.parse(store.get(kept()) || "[]"); } catch { told = []; } }
    $("r-who").value = store.get("understudy-reviewer") || "";
    $("r-who").addEventListener("input", () => { store.set("understudy-reviewer", who()); draw(); });
    $("r-show").addEventListener("input", () => { place = 0; draw(); });
    $("r-undo").addEventListener("click", () => { const one = mine(standing()); if (one) undo(one); });
    $("r-export").addEventListener("click", exported);
    $("review").tabIndex = -1;
    document.addEventListener("keydown", onKey);
    document.addEventListener("understudy-decide", (event) => {
      $("r-show").value = "all";
      place = Math.max(0, chosen(standing()).findIndex((one) => one.caseId === event.detail.caseId && one.key === event.detail.key));
      draw();
      $("review").scrollIntoView({ block: "start" });
      $("r-reason").focus();
    });
    $("review-app").hidden = false;
    draw();
    if (data.served) setInterval(async () => {
      const before = told.length + trouble;
      try { await fetchAll(); } catch { trouble = GONE; }
      if (told.length + trouble !== before) draw();
    }, 2000);
  }

  understudy.ready.then(start);
})();
