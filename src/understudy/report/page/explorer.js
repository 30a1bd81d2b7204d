"use strict";
(() => {
  const ROW = 32, MARGIN = 12;
  const { $, make, button, words, placeOf, unpack } = understudy;
  const app = $("explorer-app"), list = $("list"), body = $("rows"), detail = $("detail");
  const fields = { q: $("f-q"), kind: $("f-kind"), sev: $("f-sev"), sys: $("f-sys"), op: $("f-op"), class: $("f-class"), end: $("f-end"), dec: $("f-dec"), min: $("f-min"), max: $("f-max") };
  const ENDS = { handled: 0, escalated: 1, failed: 2 };
  const chunks = new Map();
  let index = null, shown = [], selected = 0, openId = null, lowered = null, digits = 2;

  function chunkOf(name) {
    if (!chunks.has(name)) {
      if (chunks.size > 8) chunks.delete(chunks.keys().next().value);
      chunks.set(name, unpack(name));
    }
    return chunks.get(name);
  }

  const money = (minor) =>
    (minor / 10 ** digits).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }) +
    " " + index.currency;
  const worst = (mask) => (mask ? index.severities[31 - Math.clz32(mask)] : "none");

  function fill(select, names) {
    names.forEach((name) => {
      const option = make("option", words(name));
      option.value = name;
      select.append(option);
    });
  }

  const bit = (names, name) => {
    const place = names.indexOf(name);
    return place < 0 ? 0 : 1 << Math.min(place, 30);
  };

  // What was decided is known once the part of the page for reviewing is there.
  const decided = (id, wanted) => {
    const said = understudy.decided && understudy.decided.get(id);
    return wanted === "open" ? !said : Boolean(said && said.has(wanted));
  };

  function filter() {
    const text = fields.q.value.trim().toLowerCase();
    const kind = bit(index.kinds, fields.kind.value), sev = bit(index.severities, fields.sev.value);
    const sys = bit(index.systems, fields.sys.value), least = (Number(fields.min.value) || 0) * 10 ** digits;
    const op = index.operations.indexOf(fields.op.value), end = ENDS[fields.end.value];
    const cls = bit(index.classes, fields.class.value), dec = fields.dec.value;
    const most = fields.max.value === "" ? Infinity : Number(fields.max.value) * 10 ** digits;
    shown = [];
    for (let i = 0; i < index.id.length; i++) {
      if (kind && !(index.kind[i] & kind)) continue;
      if (sev && !(index.severity[i] & sev)) continue;
      if (sys && !(index.system[i] & sys)) continue;
      if (index.cost[i] < least || index.cost[i] > most) continue;
      if (op >= 0 && !index.operation[i].includes(op)) continue;
      if (end !== undefined && (end ? !(index.state[i] & end) : index.state[i] !== 0)) continue;
      if (cls && !(index.class[i] & cls)) continue;
      if (dec && !decided(index.id[i], dec)) continue;
      if (text && !lowered[i].includes(text)) continue;
      shown.push(i);
    }
    selected = 0;
    list.scrollTop = 0;
    const total = shown.reduce((sum, i) => sum + index.cost[i], 0);
    $("count").textContent = `${shown.length.toLocaleString("en")} of ${index.id.length.toLocaleString("en")} cases, ${money(total)}`;
    list.querySelector("table").setAttribute("aria-rowcount", String(shown.length + 1));
    draw();
  }

  function spacer(height) {
    const row = make("tr", null, "space"), cell = make("td");
    row.setAttribute("aria-hidden", "true");
    cell.style.height = height + "px";
    row.append(cell);
    return row;
  }

  function draw() {
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - MARGIN);
    const last = Math.min(shown.length, first + Math.ceil(list.clientHeight / ROW) + 2 * MARGIN);
    const rows = [spacer(first * ROW)];
    for (let place = first; place < last; place++) {
      const i = shown[place], row = make("tr");
      row.dataset.row = String(place);
      row.setAttribute("role", "row");
      row.setAttribute("aria-rowindex", String(place + 2));
      row.setAttribute("aria-selected", String(place === selected));
      const state = index.state[i] >= 2 ? " (failed)" : "";
      [index.id[i], index.scenarios[index.scenario[i]], worst(index.severity[i]) + state, money(index.cost[i])]
        .forEach((text) => {
          const cell = make("td", text);
          cell.setAttribute("role", "gridcell");
          row.append(cell);
        });
      rows.push(row);
    }
    rows.push(spacer((shown.length - last) * ROW));
    body.replaceChildren(...rows);
  }

  // The longest common run of words, by the usual table; long texts are compared by their lines.
  function parts(one, other) {
    const cut = one.length + other.length > 3000 ? /(\n)/ : /(\s+)/;
    const a = one.split(cut).slice(0, 600), b = other.split(cut).slice(0, 600);
    const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
    for (let i = a.length - 1; i >= 0; i--)
      for (let j = b.length - 1; j >= 0; j--)
        table[i][j] = a[i] === b[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    const found = [];
    let i = 0, j = 0;
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) { found.push(["", a[i]]); i++; j++; }
      else if (j >= b.length || (i < a.length && table[i + 1][j] >= table[i][j + 1])) found.push(["del", a[i++]]);
      else found.push(["ins", b[j++]]);
    }
    return found;
  }

  function compared(data) {
    const texts = (sides) => {
      const found = new Map();
      for (const [, , , actions] of sides || [])
        for (const [operation, , , , own] of actions)
          for (const [key, value] of own)
            if (!found.has(operation + " " + key)) found.set(operation + " " + key, value);
      return found;
    };
    const theirs = texts(data.people), ours = texts(data.candidate), nodes = [];
    for (const [name, text] of theirs) {
      const other = ours.get(name);
      if (other === undefined || other === text || text.length + other.length < 40) continue;
      const line = make("p", null, "textdiff");
      for (const [tag, word] of parts(text, other)) line.append(tag ? make(tag, word) : word);
      nodes.push(make("h4", name), line);
    }
    return nodes.length ? [make("h3", "Texts, word by word"), make("p", "Struck out: only people's. Underlined: only the candidate's.", "note"), ...nodes] : [];
  }

  function traceNode(trace) {
    const box = make("details");
    box.append(make("summary", "Trace: prompts, context, outputs"));
    for (const [name, entries] of trace) {
      box.append(make("h4", name));
      for (const text of entries) box.append(make("pre", text));
    }
    return box;
  }

  function sideNode([name, outcome, note, actions]) {
    const side = make("div", null, "side");
    side.append(make("p", (name ? name + ", " : "") + outcome, "who"));
    if (note) side.append(make("p", note, "note bad"));
    if (!actions.length) side.append(make("p", "did nothing", "note"));
    const items = make("ol");
    for (const [operation, target, amount, refused, own] of actions) {
      const item = make("li");
      item.append(make("code", operation));
      if (target) item.append(" ", make("span", target, "target"));
      if (amount) item.append(" ", make("strong", amount));
      if (refused) item.append(" ", make("em", "refused by the system"));
      const facts = make("dl");
      for (const [key, value, differs] of own) {
        const row = make("div", null, differs ? "differs" : "");
        row.append(make("dt", (differs ? "≠ " : "") + key), make("dd", value));
        facts.append(row);
      }
      if (own.length) item.append(facts);
      items.append(item);
    }
    if (actions.length) side.append(items);
    return side;
  }

  function column(title, sides, nothing) {
    const node = make("div");
    node.append(make("h3", title), ...(sides || []).map(sideNode));
    if (!sides) node.append(make("p", nothing, "note"));
    return node;
  }

  function detailNode(i, data) {
    const head = make("h3");
    head.append(make("code", index.id[i]), " ", make("span", money(index.cost[i]), "price"));
    const parts = [head];
    const about = [index.scenarios[index.scenario[i]], data.tier && data.tier + " customer", data.trigger, data.mess && "mess: " + data.mess.map(words).join(", ")];
    parts.push(make("p", about.filter(Boolean).join(", "), "note"));
    if (data.turns) parts.push(make("div", data.turns.map(([role, text]) => role + ": " + text).join("\n"), "turns"));
    const found = make("ul", null, "differences");
    for (const [kind, severity, cost, operation, explanation, rule, key] of data.differences || []) {
      const item = make("li");
      item.tabIndex = -1;
      item.append(make("span", severity, "sev s-" + severity), " ", make("strong", words(kind)), " " + money(cost) + ": " + (explanation || operation) + " ");
      if (rule) item.append(make("span", "priced by " + rule, "rule"));
      const asked = { detail: { caseId: index.id[i], key } };
      if ($("review-app")) item.append(" ", button("Decide", () => document.dispatchEvent(new CustomEvent("understudy-decide", asked))));
      found.append(item);
    }
    parts.push(data.differences ? found : make("p", "No difference.", "note"));
    const columns = make("div", null, "columns");
    columns.append(column("People", data.people, "no baseline is at hand"), column("Candidate, proposed and never executed", data.candidate, "no proposal is at hand"));
    parts.push(columns);
    parts.push(...compared(data));
    if (data.state) {
      parts.push(make("h3", "State left behind"));
      const rows = make("ul");
      for (const text of data.state) rows.append(make("li", text));
      parts.push(rows);
    }
    const facts = [data.confidence && "Confidence " + data.confidence, data.reads && "read: " + data.reads, data.faults && "faults: " + data.faults].filter(Boolean);
    if (facts.length) parts.push(make("p", facts.join("; "), "note"));
    if (data.trace && data.trace.length) parts.push(traceNode(data.trace));
    else if (!data.trace) parts.push(make("p", "The trace is left out to keep this file small; the command line shows it.", "note"));
    if (data.rationale) parts.push(make("p", "The candidate's own reason: " + data.rationale, "note"));
    return parts;
  }

  async function show(id) {
    const i = index.id.indexOf(id);
    openId = id;
    if (i < 0) {
      detail.replaceChildren(make("p", `There is no case ${id} in this run.`));
    } else if (i >= index.detailed) {
      detail.replaceChildren(make("p", `The details of ${id} are not in this file; \`understudy case RUN ${id}\` shows them.`));
    } else {
      const data = (await chunkOf("chunk-" + Math.floor(i / index.chunk)))[i % index.chunk];
      if (i < index.traced) data.trace = (await chunkOf("trace-" + Math.floor(i / index.trace_chunk)))[i % index.trace_chunk];
      if (openId !== id) return;
      detail.replaceChildren(...detailNode(i, data), button("Back to the list (Esc)", close));
    }
    detail.hidden = false;
    detail.focus();
    detail.scrollIntoView({ block: "start" });
  }

  function close() {
    location.hash = hashOf();
    detail.hidden = true;
    openId = null;
    list.focus();
    list.scrollIntoView({ block: "nearest" });
  }

  function hashOf() {
    const wanted = new URLSearchParams();
    for (const [name, field] of Object.entries(fields)) if (field.value) wanted.set(name, field.value);
    return "#/cases" + (String(wanted) ? "?" + wanted : "");
  }

  function follow() {
    const hash = location.hash;
    if (hash.startsWith("#/case/")) {
      let id = hash.slice(7);
      try { id = decodeURIComponent(id); } catch { /* a hash that is not encoded is taken as it is */ }
      show(id);
    } else if (hash.startsWith("#/cases")) {
      const wanted = new URLSearchParams(hash.split("?")[1] || "");
      for (const [name, field] of Object.entries(fields)) field.value = wanted.get(name) || "";
      detail.hidden = true;
      openId = null;
      filter();
    }
  }

  function choose(place) {
    selected = Math.min(Math.max(place, 0), shown.length - 1);
    const top = selected * ROW, head = ROW;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + 2 * head > list.scrollTop + list.clientHeight) list.scrollTop = top + 2 * head - list.clientHeight;
    draw();
  }

  function openSelected() {
    if (shown.length) location.hash = placeOf(index.id[shown[selected]]);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, select");
    if (event.key === "Escape") {
      if (!detail.hidden) close();
      else if (typing) list.focus();
      return;
    }
    if (typing) return;
    if (event.key === "?") { $("keys").open = !$("keys").open; $("keys").scrollIntoView({ block: "nearest" }); return; }
    if ((event.key === "[" || event.key === "]") && !detail.hidden) {
      const all = [...detail.querySelectorAll(".differences > li")];
      const at = all.indexOf(document.activeElement) + (event.key === "]" ? 1 : -1);
      if (all.length) all[(at + all.length) % all.length].focus();
      return;
    }
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    const arrow = event.key.startsWith("Arrow");
    if (event.key === "/") { event.preventDefault(); fields.q.focus(); }
    else if (step && (!arrow || event.target === list)) {
      event.preventDefault();
      choose(selected + step);
      if (!detail.hidden) openSelected();
    } else if (event.key === "Enter" && event.target === list) openSelected();
  }

  async function start() {
    index = await unpack("index");
    digits = index.digits;
    lowered = index.id.map((id, i) => (id + " " + index.scenarios[index.scenario[i]]).toLowerCase());
    fill(fields.kind, index.kinds.filter((_, place) => index.kind.some((mask) => mask & (1 << place))));
    fill(fields.sev, index.severities.slice(1).reverse());
    fill(fields.sys, index.systems);
    fill(fields.op, index.operations);
    fill(fields.class, index.classes.filter((_, place) => index.class.some((mask) => mask & (1 << place))));
    app.hidden = false;
    let waiting = 0;
    for (const field of Object.values(fields)) {
      field.addEventListener("input", () => {
        clearTimeout(waiting);
        filter();
        waiting = setTimeout(() => history.replaceState(null, "", hashOf()), 300);
      });
    }
    $("filters").addEventListener("submit", (event) => event.preventDefault());
    list.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-row]");
      if (row) { selected = Number(row.dataset.row); draw(); openSelected(); }
    });
    document.addEventListener("keydown", onKey);
    window.addEventListener("hashchange", follow);
    document.addEventListener("understudy-decided", () => { if (fields.dec.value) filter(); });
    filter();
    follow();
  }

  understudy.money = money;
  understudy.ready = start();
})();
