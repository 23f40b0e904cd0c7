// The page: draws what layout.js placed, and answers the mouse, the keyboard, the search and the slider.

"use strict";

const SVG = "http://www.w3.org/2000/svg";
const MANY = 900; // more boxes than this are drawn only where they can be seen
const FAR = 0.3; // below this scale so many boxes are drawn as plain patches, without text
const byId = (id) => document.getElementById(id);
const graph = readGraph(JSON.parse(byId("data").textContent));
const data = graph.data;
const steps = data.nodes.filter((n) => n.step !== null).sort((a, b) => a.step - b.step);
const incoming = new Map(), outgoing = new Map();
for (const n of data.nodes) { incoming.set(n.id, []); outgoing.set(n.id, []); }
for (const e of data.edges) { outgoing.get(e.from).push(e); incoming.get(e.to).push(e); }

const state = {
  folded: new Set(), step: 0, chosen: null, hits: [], hit: -1, playing: null, x: 0, y: 0, scale: 1, drawn: null,
  language: (navigator.language || "en").startsWith("zh") ? "zh" : "en",
  theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
};
let placed = null;
const word = (key) => WORDS[state.language][key] ?? key;

function element(tag, attributes, ...children) {
  const made = tag.startsWith("svg:") ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
  for (const [k, v] of Object.entries(attributes || {})) if (v !== null && v !== undefined && v !== false) made.setAttribute(k, v);
  made.append(...children);
  return made;
}

/** A number as a person reads it; the page's data spells what JSON cannot say: "nan", "inf", "-inf". */
function number(value) {
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

// ---- What is visible -------------------------------------------------------------------------------------------------

function rebuild(keep) {
  const anchor = keep && placed?.boxes.get(keep);
  const before = anchor && { x: anchor.x * state.scale + state.x, y: anchor.y * state.scale + state.y };
  placed = layout(graph, state.folded);
  placed.list = [...placed.boxes.values()];
  const after = keep && placed.boxes.get(keep);
  if (before && after) { state.x = before.x - after.x * state.scale; state.y = before.y - after.y * state.scale; }
  state.drawn = null;
  draw();
}

function foldTo(depth) {
  state.folded = new Set(data.groups.map((g) => g.id).filter((id) => graph.groups.get(id).depth > depth));
  byId("depth").value = depth;
  state.chosen = null;
  showPanel();
  rebuild();
  fit();
}

/** The deepest level at which a newcomer still has an overview. */
function startingDepth() {
  const deepest = Math.max(0, ...data.groups.map((g) => graph.groups.get(g.id).depth));
  for (let depth = deepest; depth > 0; depth--) {
    const folded = new Set(data.groups.map((g) => g.id).filter((id) => graph.groups.get(id).depth > depth));
    const seen = new Set(data.nodes.map((n) => representative(graph, n.id, folded)));
    if (seen.size <= 80) return depth;
  }
  return 0;
}

function toggle(group) {
  if (state.folded.has(group)) state.folded.delete(group); else state.folded.add(group);
  rebuild("g" + group);
}

// ---- Drawing ---------------------------------------------------------------------------------------------------------

function view() {
  const size = byId("canvas").getBoundingClientRect();
  return { w: size.width, h: size.height };
}

function statusOf(box) {
  if (box.kind === "frame") return "";
  const members = box.kind === "module" ? membersOf(box.group.id) : [box.node];
  const ran = members.filter((n) => n.step !== null && n.step < state.step);
  let status = ran.length && ran.length === members.filter((n) => n.step !== null).length ? " done" : "";
  if (state.step && members.includes(steps[state.step - 1])) status += " now";
  if (ran.some((n) => (n.grads || []).some(isBad))) status += " bad";
  return status;
}

const memberCache = new Map();
function membersOf(group) {
  if (!memberCache.has(group)) {
    const g = graph.groups.get(group);
    memberCache.set(group, [...g.nodes.map((n) => graph.nodes.get(n)), ...g.groups.flatMap(membersOf)]);
  }
  return memberCache.get(group);
}

const isBad = (s) => Boolean(s && (s.nans || s.infs));

function lineStatus(line) {
  const passed = line.edges.filter((e) => { const s = graph.nodes.get(e.from).step; return s !== null && s < state.step && e.grad; });
  if (!passed.length) return { name: "line", width: 1.2, text: "" };
  if (passed.some((e) => isBad(e.grad))) return { name: "line on bad", width: 3, text: "" + number(passed.find((e) => isBad(e.grad)).grad.norm) };
  const norms = passed.map((e) => e.grad.norm);
  const norm = Math.hypot(...norms);
  if (!norm) return { name: "line on zero", width: 1.6, text: "0" };
  return { name: "line on", width: Math.max(1.4, Math.min(7, 4 + Math.log10(norm))), text: number(norm) };
}

function path(line) {
  const a = placed.boxes.get(line.from), b = placed.boxes.get(line.to);
  const points = [{ x: a.x + a.w / 2, y: a.y + a.h }, ...line.via, { x: b.x + b.w / 2, y: b.y }];
  let d = `M${points[0].x} ${points[0].y}`;
  for (let i = 1; i < points.length; i++) {
    const p = points[i - 1], q = points[i], bend = (q.y - p.y) * 0.45;
    d += `C${p.x} ${p.y + bend} ${q.x} ${q.y - bend} ${q.x} ${q.y}`;
  }
  const m = points[Math.floor((points.length - 1) / 2)], n = points[Math.floor((points.length - 1) / 2) + 1];
  return { d, x: (m.x + n.x) / 2, y: (m.y + n.y) / 2 };
}

function boxElement(box) {
  const g = element("svg:g", { "data-key": box.key, transform: `translate(${box.x} ${box.y})` });
  g.append(element("svg:rect", { width: box.w, height: box.h }));
  if (box.kind === "frame") {
    const label = element("svg:text", { x: 10, y: 17 });
    label.textContent = "− " + box.group.name + (box.group.type ? "  " + box.group.type : "");
    g.append(label);
    return g;
  }
  const name = element("svg:text", { x: box.w / 2, y: 16 });
  name.textContent = box.kind === "module" ? "+ " + box.group.name : box.node.label;
  const below = element("svg:text", { x: box.w / 2, y: 30, class: "caption" });
  below.textContent = box.kind === "module" ? groupCaption(box.group) + " " + word("nodes") : caption(box.node);
  g.append(name, below);
  return g;
}

/** Draws the boxes and lines; of many, only those in the window, and as patches of colour from far away. */
function draw() {
  const world = byId("world");
  world.setAttribute("transform", `translate(${state.x} ${state.y}) scale(${state.scale})`);
  const many = placed.list.length > MANY;
  const size = view();
  const window_ = { l: -state.x / state.scale, t: -state.y / state.scale, r: (size.w - state.x) / state.scale, b: (size.h - state.y) / state.scale };
  const far = many && state.scale < FAR;
  const covered = state.drawn && state.drawn.far === far && (!many || (window_.l >= state.drawn.l && window_.t >= state.drawn.t && window_.r <= state.drawn.r && window_.b <= state.drawn.b));
  if (covered) return;
  const mx = (window_.r - window_.l) / 2, my = (window_.b - window_.t) / 2;
  const seen = { far, l: window_.l - mx, t: window_.t - my, r: window_.r + mx, b: window_.b + my };
  state.drawn = seen;
  const inside = (b) => !many || (b.x <= seen.r && b.x + b.w >= seen.l && b.y <= seen.b && b.y + b.h >= seen.t);
  world.replaceChildren();
  state.elements = new Map();
  state.lineElements = [];
  const shown = placed.list.filter(inside);
  if (far) { drawFar(world, shown); return; }
  const frames = element("svg:g"), lines = element("svg:g"), norms = element("svg:g"), others = element("svg:g");
  for (const line of placed.lines) {
    const a = placed.boxes.get(line.from), b = placed.boxes.get(line.to);
    const hull = { x: Math.min(a.x, b.x), y: a.y, w: Math.max(a.x + a.w, b.x + b.w) - Math.min(a.x, b.x), h: b.y + b.h - a.y };
    if (!inside(hull)) continue;
    const p = path(line);
    const drawn = element("svg:path", { d: p.d, "data-line": line.key });
    const norm = element("svg:text", { class: "norm", x: p.x, y: p.y + 3 });
    lines.append(drawn); norms.append(norm);
    state.lineElements.push({ line, drawn, norm });
  }
  for (const box of shown) {
    const made = boxElement(box);
    state.elements.set(box.key, { box, made });
    (box.kind === "frame" ? frames : others).append(made);
  }
  world.append(frames, lines, others, norms);
  paint();
}

function drawFar(world, shown) {
  const patches = new Map();
  for (const box of shown) {
    const done = statusOf(box).includes("done");
    const kind = "far " + box.kind + (done ? " done" : "");
    patches.set(kind, (patches.get(kind) || "") + `M${box.x} ${box.y}h${box.w}v${box.h}h${-box.w}z`);
  }
  let lines = "";
  for (const line of placed.lines) {
    const a = placed.boxes.get(line.from), b = placed.boxes.get(line.to);
    lines += `M${a.x + a.w / 2} ${a.y + a.h}L${b.x + b.w / 2} ${b.y}`;
  }
  world.append(element("svg:path", { d: lines, class: "line" }));
  for (const [kind, d] of patches) world.append(element("svg:path", { d, class: kind }));
}

/** Colours what is drawn by the step of backward, the choice and the search. */
function paint() {
  if (!state.drawn || state.drawn.far) { if (state.drawn) { state.drawn = null; draw(); } return; }
  const hits = new Set(state.hits.map((id) => representative(graph, id, state.folded)));
  for (const { box, made } of state.elements.values())
    made.setAttribute("class", `box ${box.kind}${statusOf(box)}${hits.has(box.key) ? " hit" : ""}${state.chosen === box.key ? " chosen" : ""}`);
  for (const { line, drawn, norm } of state.lineElements) {
    const status = lineStatus(line);
    drawn.setAttribute("class", status.name);
    drawn.setAttribute("stroke-width", status.width);
    drawn.style.strokeWidth = status.width;
    drawn.setAttribute("marker-end", status.name.includes(" on") ? "url(#arrow-on)" : "url(#arrow)");
    norm.textContent = status.text;
  }
}

// ---- Moving about ----------------------------------------------------------------------------------------------------

function zoom(factor, x, y) {
  const size = view();
  x ??= size.w / 2; y ??= size.h / 2;
  const scale = Math.max(0.005, Math.min(4, state.scale * factor));
  state.x = x - (x - state.x) * (scale / state.scale);
  state.y = y - (y - state.y) * (scale / state.scale);
  state.scale = scale;
  draw();
}

function fit() {
  const size = view(), room = byId("panel").hidden ? 0 : byId("panel").offsetWidth;
  const scale = Math.min((size.w - room - 40) / placed.w, (size.h - 40) / placed.h, 1.4);
  // A graph that would be illegible as a whole is shown from where backward begins.
  state.scale = placed.list.length > MANY ? Math.max(scale, 0.01) : Math.max(scale, 0.12);
  state.x = (size.w - room - placed.w * state.scale) / 2;
  state.y = Math.max(20, (size.h - placed.h * state.scale) / 2);
  draw();
}

function begin() {
  const whole = Math.min(view().w / placed.w, view().h / placed.h);
  fit();
  if (whole >= 0.45) return;
  const first = placed.boxes.get(representative(graph, data.root, state.folded)) ?? placed.list[0];
  state.scale = 0.8;
  state.x = view().w / 2 - (first.x + first.w / 2) * state.scale;
  state.y = 40 - first.y * state.scale;
  draw();
}

function reveal(id) {
  for (let g = graph.nodes.get(id).group; g !== null; g = graph.groups.get(g).parent) state.folded.delete(g);
  rebuild();
  center("n" + id);
}

function center(key, closer = true) {
  const box = placed.boxes.get(key), size = view(), room = byId("panel").hidden ? 0 : byId("panel").offsetWidth;
  if (closer && state.scale < 0.6) state.scale = 0.9;
  state.x = (size.w - room) / 2 - (box.x + box.w / 2) * state.scale;
  state.y = size.h / 2 - (box.y + box.h / 2) * state.scale;
  draw();
}

function choose(key) {
  state.chosen = key;
  showPanel();
  paint();
}

function visit(id) {
  const key = "n" + id;
  if (!placed.boxes.has(key)) reveal(id);
  choose(key);
  center(key);
}

// ---- The panel -------------------------------------------------------------------------------------------------------

function bars(stats) {
  const most = Math.max(...stats.hist), n = stats.hist.length;
  const svg = element("svg:svg", { class: "bars", viewBox: "0 0 200 42", preserveAspectRatio: "none", role: "img" });
  stats.hist.forEach((count, i) => {
    const h = most ? (count / most) * 40 : 0;
    svg.append(element("svg:rect", { x: (i * 200) / n + 0.5, y: 42 - h, width: 200 / n - 1, height: h }));
  });
  return element("figure", {}, svg, element("figcaption", {}, element("span", {}, number(stats.min)), element("span", {}, number(stats.max))));
}

function statistics(stats) {
  const list = element("dl");
  const row = (name, value, bad) => list.append(element("dt", {}, name), element("dd", bad ? { class: "warning" } : {}, value));
  for (const key of ["norm", "min", "max", "mean", "std"]) if (stats[key] !== undefined && stats[key] !== null) row(word(key), number(stats[key]));
  if (stats.zeros !== undefined) row(word("zeros"), Math.round(stats.zeros * 1000) / 10 + " %");
  if (stats.nans) row(word("nans"), String(stats.nans), true);
  if (stats.infs) row(word("infs"), String(stats.infs), true);
  if (stats.values) row(word("values"), stats.values.map(number).join(", "));
  const out = element("div", {}, list);
  if (stats.hist && stats.hist.length > 1) out.append(bars(stats));
  return out;
}

function link(id) {
  const a = element("a", { tabindex: 0, role: "link", "data-node": id }, graph.nodes.get(id).label);
  a.onclick = () => visit(id);
  a.onkeydown = (event) => { if (event.key === "Enter") { event.stopPropagation(); visit(id); } };
  return a;
}

function listOf(ids) {
  const out = element("span");
  ids.slice(0, 12).forEach((id, i) => out.append(...(i ? [", "] : []), link(id)));
  if (ids.length > 12) out.append(" …");
  return out;
}

function showPanel() {
  const panel = byId("panel");
  const box = state.chosen && placed?.boxes.get(state.chosen);
  panel.hidden = !box;
  if (!box) return;
  const close = element("button", { class: "close", title: word("close") }, "×");
  close.onclick = () => choose(null);
  const title = box.node ? box.node.name : box.group.name;
  panel.replaceChildren(close, element("h2", {}, title));
  if (box.node) showNode(panel, box.node); else showGroup(panel, box.group);
}

function heading(panel, key) { panel.append(element("h3", {}, word(key))); }

function showGroup(panel, group) {
  const members = membersOf(group.id), list = element("dl");
  const row = (name, value) => list.append(element("dt", {}, name), element("dd", {}, value));
  row(word("kind"), word("moduleKind") + (group.type ? " " + group.type : ""));
  row(word("inside"), `${members.length} ${word("nodes")}, ${members.filter((n) => n.kind === "leaf").length} ${word("parameters")}`);
  row(word("saved"), members.reduce((s, n) => s + n.saved.reduce((t, v) => t + v.bytes, 0), 0).toLocaleString() + " " + word("bytes"));
  const button = element("button", {}, word(state.folded.has(group.id) ? "open" : "shut"));
  button.onclick = () => { toggle(group.id); showPanel(); };
  panel.append(list, element("p", {}, button));
}

function showNode(panel, node) {
  const list = element("dl");
  const row = (name, value) => list.append(element("dt", {}, name), element("dd", {}, value));
  row(word("kind"), word(node.kind) + (node.label !== node.name ? " " + node.label : ""));
  if (node.shape !== null) row(word("output"), caption(node));
  if (node.module) row(word("module"), node.module);
  row(word("ran"), node.step === null ? word("undefined") : String(node.step + 1));
  if (incoming.get(node.id).length) row(word("comes"), listOf([...new Set(incoming.get(node.id).map((e) => e.from))]));
  if (outgoing.get(node.id).length) row(word("goes"), listOf([...new Set(outgoing.get(node.id).map((e) => e.to))]));
  panel.append(list);
  if (node.formulas.length) {
    heading(panel, "formula");
    for (const [name, text] of node.formulas) panel.append(element("pre", { class: "formula" }, `${name}: ${text}`));
  }
  heading(panel, "line");
  if (node.line) panel.append(element("code", {}, `${node.line.file}:${node.line.line} ${node.line.function || ""}`), element("pre", {}, node.line.text || ""));
  else panel.append(element("span", {}, word("noLine")));
  if (node.kind !== "leaf") {
    heading(panel, "saved");
    if (!node.saved.length) panel.append(element("span", {}, word("savedNothing")));
    for (const saved of node.saved) {
      const summary = element("summary", {}, `${saved.name}  ${saved.shape} ${saved.dtype}, ${saved.bytes.toLocaleString()} ${word("bytes")}`);
      panel.append(element("details", { open: node.saved.length <= 2 }, summary, ...(saved.stats ? [statistics(saved.stats)] : [])));
    }
  }
  heading(panel, "gradient");
  const ran = node.step !== null && node.step < state.step;
  if (node.step === null || !node.grads.some(Boolean)) panel.append(element("span", {}, word("noGradient")));
  else if (!ran) panel.append(element("span", {}, word("later")));
  else {
    for (const stats of node.grads) if (stats) panel.append(statistics(stats));
    const leaving = outgoing.get(node.id).filter((e) => e.grad);
    if (leaving.length) heading(panel, "gradientOut");
    for (const e of leaving) {
      const summary = element("summary", {}, `${e.name}: `, link(e.to), `  ${word("norm")} ${number(e.grad.norm)}`);
      panel.append(element("details", {}, summary, statistics(e.grad)));
    }
  }
}

// ---- Backward, step by step ------------------------------------------------------------------------------------------

function goTo(step, follow) {
  state.step = Math.max(0, Math.min(steps.length, step));
  byId("slider").value = state.step;
  const node = state.step ? steps[state.step - 1] : null;
  byId("at").textContent = node ? `${word("step")} ${state.step} ${word("of")} ${steps.length}: ${node.label}` : `${word("before")} (${steps.length})`;
  paint();
  if (follow && node) {
    const box = placed.boxes.get(representative(graph, node.id, state.folded)), size = view();
    const x = (box.x + box.w / 2) * state.scale + state.x, y = (box.y + box.h / 2) * state.scale + state.y;
    if (x < 40 || x > size.w - 40 || y < 40 || y > size.h - 40) center(box.key, false);
  }
  if (state.chosen) showPanel();
}

function play() {
  if (state.playing) { clearInterval(state.playing); state.playing = null; }
  else {
    if (state.step === steps.length) goTo(0);
    state.playing = setInterval(() => { goTo(state.step + 1, true); if (state.step === steps.length) play(); }, Math.max(60, Math.min(700, 20000 / steps.length)));
  }
  byId("play").textContent = word(state.playing ? "pause" : "play");
}

// ---- Search ----------------------------------------------------------------------------------------------------------

function search(text) {
  const wanted = text.trim().toLowerCase();
  const fields = (n) => [n.name, n.label, n.module, n.op, n.line && n.line.file + ":" + n.line.line, n.line && n.line.text].filter(Boolean).join("\n").toLowerCase();
  state.hits = wanted ? data.nodes.filter((n) => fields(n).includes(wanted)).map((n) => n.id) : [];
  state.hit = -1;
  byId("found").textContent = !wanted ? "" : state.hits.length ? `${state.hits.length} ${word("found")}` : word("nothing");
  paint();
}

function nextHit() {
  if (!state.hits.length) return;
  state.hit = (state.hit + 1) % state.hits.length;
  visit(state.hits[state.hit]);
  byId("found").textContent = `${state.hit + 1} / ${state.hits.length}`;
}

// ---- Words and theme -------------------------------------------------------------------------------------------------

function speak() {
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  for (const e of document.querySelectorAll("[data-word]")) e.textContent = word(e.dataset.word);
  byId("play").textContent = word(state.playing ? "pause" : "play");
  byId("search").placeholder = word("search");
  byId("search").setAttribute("aria-label", word("search"));
  byId("slider").setAttribute("aria-label", word("play"));
  byId("title").textContent = data.title;
  const legend = word("legend");
  byId("legend").replaceChildren(...Object.entries(legend).map(([kind, text]) => {
    const colour = { flowing: "flow", zero: "soft", broken: "bad" }[kind];
    const style = colour ? `border-color: var(--${colour})` : `border-color: var(--${kind}-rule); background: var(--${kind})`;
    return element("li", {}, element("i", { class: colour ? "l" : null, style }), text);
  }));
  const rows = word("keys").map(([key, what]) => element("tr", {}, element("td", {}, element("kbd", {}, key)), element("td", {}, what)));
  byId("keys").replaceChildren(element("table", {}, ...rows));
  state.drawn = null;
  if (placed) draw();
  goTo(state.step);
  showPanel();
}

function dress() { document.documentElement.dataset.theme = state.theme; }

// ---- Events ----------------------------------------------------------------------------------------------------------

const canvas = byId("canvas");
let drag = null;
canvas.addEventListener("pointerdown", (event) => {
  drag = { x: event.clientX, y: event.clientY, fromX: state.x, fromY: state.y, moved: false, target: event.target };
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
  if (!drag.moved && Math.hypot(dx, dy) < 4) return;
  drag.moved = true;
  canvas.classList.add("dragging");
  state.x = drag.fromX + dx; state.y = drag.fromY + dy;
  draw();
});
canvas.addEventListener("pointerup", () => {
  canvas.classList.remove("dragging");
  if (drag && !drag.moved) {
    const key = drag.target.closest?.(".box")?.dataset.key ?? null;
    choose(key);
  }
  drag = null;
});
canvas.addEventListener("dblclick", (event) => {
  const hit = document.elementsFromPoint(event.clientX, event.clientY).map((e) => e.closest?.(".box")).find(Boolean);
  if (hit?.dataset.key.startsWith("g")) toggle(Number(hit.dataset.key.slice(1)));
});
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const at = canvas.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - at.left, event.clientY - at.top);
}, { passive: false });
addEventListener("resize", () => { state.drawn = null; draw(); });

byId("slider").max = steps.length;
byId("slider").addEventListener("input", (event) => goTo(Number(event.target.value), true));
byId("play").addEventListener("click", play);
byId("search").addEventListener("input", (event) => search(event.target.value));
byId("search").addEventListener("keydown", (event) => {
  event.stopPropagation();
  if (event.key === "Enter") nextHit();
  if (event.key === "Escape") { event.target.value = ""; search(""); canvas.focus(); }
});
byId("depth").addEventListener("change", (event) => foldTo(Number(event.target.value)));

const unfoldAll = () => { state.folded.clear(); rebuild(); begin(); };
const otherTheme = () => { state.theme = state.theme === "dark" ? "light" : "dark"; dress(); };
const otherLanguage = () => { state.language = state.language === "zh" ? "en" : "zh"; speak(); };
const showKeys = () => byId("keys").showModal();
byId("unfold").onclick = unfoldAll;
byId("fold").onclick = () => foldTo(0);
byId("fit").onclick = fit;
byId("theme").onclick = otherTheme;
byId("language").onclick = otherLanguage;
byId("help").onclick = showKeys;
byId("keys").onclick = () => byId("keys").close();

function neighbour(forward) {
  const box = placed.boxes.get(state.chosen);
  if (!box?.node) { visit(data.root); return; }
  const near = forward ? outgoing.get(box.node.id).map((e) => e.to) : incoming.get(box.node.id).map((e) => e.from);
  if (near.length) visit(near[0]);
}

const KEYS = {
  "/": () => byId("search").focus(), f: fit, u: unfoldAll, o: () => foldTo(0), t: otherTheme, l: otherLanguage, "?": showKeys, " ": play,
  "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8),
  ArrowRight: () => goTo(state.step + 1, true), ArrowLeft: () => goTo(state.step - 1, true),
  ArrowDown: () => neighbour(true), ArrowUp: () => neighbour(false),
  Enter: () => { if (state.chosen?.startsWith("g")) toggle(Number(state.chosen.slice(1))); },
  Escape: () => choose(null),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT" && event.target.type !== "range") return;
  if (event.target.tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
  const action = KEYS[event.key];
  if (!action || byId("keys").open) return;
  event.preventDefault();
  action();
});

dress();
const depth = startingDepth();
state.folded = new Set(data.groups.map((g) => g.id).filter((id) => graph.groups.get(id).depth > depth));
byId("depth").value = depth;
byId("depth-label").hidden = !data.groups.length;
rebuild();
begin();
speak();
