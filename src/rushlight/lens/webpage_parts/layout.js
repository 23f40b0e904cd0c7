// Where everything goes: a layered drawing (Sugiyama, Tagawa and Toda 1981) of each module, inside out.
//
// An unfolded module is laid out by itself, and is one box to the module around it. The nodes of one call of a module
// lie together in time, so no module ever both precedes and follows another, and the boxes of a level form an acyclic
// graph, whatever is folded.

"use strict";

const GAP_X = 22, GAP_Y = 34, PAD = 14, HEADER = 24, DUMMY_LIMIT = 4000, SWEEPS = 6;

/** Reads the graph once: children of each module, the chain of modules above each node, edges by level. */
function readGraph(data) {
  const groups = new Map([[-1, { id: -1, parent: null, name: "", depth: 0, nodes: [], groups: [], size: 0 }]]);
  for (const g of data.groups) groups.set(g.id, { ...g, nodes: [], groups: [], size: 0 });
  for (const g of data.groups) {
    const parent = groups.get(g.parent);
    groups.get(g.id).depth = parent.depth + 1; // a module comes after the one around it
    parent.groups.push(g.id);
  }
  for (const node of data.nodes) {
    groups.get(node.group).nodes.push(node.id);
    for (let g = node.group; g !== null; g = groups.get(g).parent) groups.get(g).size += 1;
  }
  return { data, groups, nodes: new Map(data.nodes.map((n) => [n.id, n])) };
}

/** The box that stands for a node when `folded` modules hide their contents: "n12" or "g3". */
function representative(graph, node, folded) {
  let box = "n" + node;
  for (let g = graph.nodes.get(node).group; g !== null; g = graph.groups.get(g).parent)
    if (folded.has(g)) box = "g" + g;
  return box;
}

/** Lays out what is visible. Returns boxes (by key: x, y, w, h, ...), lines between them, and the whole size. */
function layout(graph, folded) {
  const boxes = new Map();
  const above = new Map(); // of each visible box, the modules that contain it, innermost first

  const chain = (g) => { const out = []; for (; g !== null; g = graph.groups.get(g).parent) out.push(g); return out; };
  const visit = (g) => {
    const group = graph.groups.get(g);
    for (const id of group.nodes) {
      const node = graph.nodes.get(id);
      const wide = Math.max(textWidth(node.label, 13), textWidth(caption(node), 10.5)) + 22;
      boxes.set("n" + id, { key: "n" + id, kind: node.kind, node, w: Math.max(64, wide), h: 38 });
      above.set("n" + id, chain(g));
    }
    for (const child of group.groups) {
      const inner = graph.groups.get(child);
      if (folded.has(child)) {
        const wide = Math.max(textWidth(inner.name, 13), textWidth(groupCaption(inner), 10.5)) + 30;
        boxes.set("g" + child, { key: "g" + child, kind: "module", group: inner, w: Math.max(90, wide), h: 42 });
      } else {
        boxes.set("g" + child, { key: "g" + child, kind: "frame", group: inner, w: 0, h: 0 });
        visit(child);
      }
      above.set("g" + child, chain(g));
    }
  };
  visit(-1);

  // Edges of hidden nodes become edges of what hides them; equal ones are one line that remembers all of them.
  const lines = new Map();
  const levels = new Map([...graph.groups.keys()].map((g) => [g, []]));
  for (const edge of graph.data.edges) {
    const from = representative(graph, edge.from, folded), to = representative(graph, edge.to, folded);
    if (from === to) continue;
    const key = from + ">" + to;
    const known = lines.get(key);
    if (known) { known.edges.push(edge); continue; }
    const line = { key, from, to, edges: [edge], via: [] };
    lines.set(key, line);
    const ups = above.get(to), mine = above.get(from);
    const common = mine.find((g) => ups.includes(g));
    const child = (box, chainOf) => { const i = chainOf.indexOf(common); return i === 0 ? box : "g" + chainOf[i - 1]; };
    levels.get(common).push({ line, from: child(from, mine), to: child(to, ups) });
  }

  const place = (g) => {
    const group = graph.groups.get(g);
    const children = [...group.groups.map((c) => "g" + c), ...group.nodes.map((n) => "n" + n)];
    for (const c of group.groups) if (!folded.has(c)) place(c);
    const size = layered(children.map((k) => boxes.get(k)), levels.get(g).filter((e) => e.from !== e.to));
    const box = boxes.get("g" + g);
    if (box) {
      box.w = Math.max(size.w + 2 * PAD, textWidth(group.name + group.type, 12) + 44);
      box.h = size.h + 2 * PAD + HEADER;
    }
    return size;
  };
  const size = place(-1);

  // Children know their places within their module only; from outside inwards these become places on the page.
  const settle = (g, x, y) => {
    const group = graph.groups.get(g);
    for (const k of [...group.groups.map((c) => "g" + c), ...group.nodes.map((n) => "n" + n)]) {
      const box = boxes.get(k);
      box.x += x; box.y += y;
      if (box.kind === "frame") settle(box.group.id, box.x + PAD, box.y + PAD + HEADER);
    }
    for (const e of levels.get(g)) for (const p of e.line.via) { p.x += x; p.y += y; }
  };
  settle(-1, 0, 0);
  return { boxes, lines: [...lines.values()], w: size.w, h: size.h };
}

/** One level: ranks by longest path, order by barycentres, places by least squares. Writes x and y into the boxes. */
function layered(boxes, edges) {
  if (!boxes.length) return { w: 0, h: 0 };
  const vertices = boxes.map((box, i) => ({ box, w: box.w, h: box.h, up: [], down: [], rank: 0, i }));
  const of = new Map(vertices.map((v) => [v.box.key, v]));
  const arcs = [];
  const seen = new Map();
  for (const e of edges) {
    const key = e.from + ">" + e.to;
    if (seen.has(key)) { seen.get(key).lines.push(e.line); continue; }
    const arc = { from: of.get(e.from), to: of.get(e.to), lines: [e.line] };
    seen.set(key, arc);
    arcs.push(arc);
    arc.from.down.push(arc.to); arc.to.up.push(arc.from);
  }

  const waiting = new Map(vertices.map((v) => [v, v.up.length]));
  const queue = vertices.filter((v) => !v.up.length);
  for (let head = 0; head < queue.length; head++)
    for (const next of queue[head].down) {
      next.rank = Math.max(next.rank, queue[head].rank + 1);
      waiting.set(next, waiting.get(next) - 1);
      if (!waiting.get(next)) queue.push(next);
    }

  // Long arcs pass through a thin place in every rank on their way, unless there would be too many of them.
  let span = 0;
  for (const a of arcs) span += Math.max(0, a.to.rank - a.from.rank - 1);
  for (const v of vertices) { v.up = []; v.down = []; }
  const all = [...vertices];
  const join = (a, b) => { a.down.push(b); b.up.push(a); };
  for (const a of arcs) {
    let last = a.from;
    a.places = [];
    if (span <= DUMMY_LIMIT)
      for (let r = a.from.rank + 1; r < a.to.rank; r++) {
        const dummy = { box: null, w: 8, h: 0, up: [], down: [], rank: r, i: all.length };
        all.push(dummy); a.places.push(dummy);
        join(last, dummy); last = dummy;
      }
    join(last, a.to);
  }

  const ranks = [];
  for (const v of all) (ranks[v.rank] ||= []).push(v);
  for (const rank of ranks) rank.forEach((v, i) => { v.place = i; });
  const mean = (list, of) => list.reduce((s, v) => s + of(v), 0) / list.length;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const rank of down ? ranks : [...ranks].reverse()) {
      for (const v of rank) {
        const near = down ? v.up : v.down;
        v.want = near.length ? mean(near, (n) => n.place / ranks[n.rank].length) * rank.length : v.place;
      }
      rank.sort((a, b) => a.want - b.want || a.place - b.place);
      rank.forEach((v, i) => { v.place = i; });
    }
  }

  // What goes on stays in line; leaves make way.
  for (const v of all) v.weight = v.down.length ? 20 : 1;
  const weighted = (list) => list.reduce((s, v) => s + v.cx * v.weight, 0) / list.reduce((s, v) => s + v.weight, 0);
  for (const rank of ranks) { let x = 0; for (const v of rank) { v.cx = x + v.w / 2; x += v.w + GAP_X; } }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const rank of down ? ranks : [...ranks].reverse()) {
      for (const v of rank) {
        const near = down ? v.up : v.down;
        v.want = near.length ? weighted(near) : v.cx;
      }
      spread(rank);
    }
  }

  let y = 0;
  const left = Math.min(...all.map((v) => v.cx - v.w / 2));
  let width = 0;
  for (const rank of ranks) {
    const tall = rank.reduce((t, v) => Math.max(t, v.h), 0);
    for (const v of rank) {
      v.cx -= left;
      v.y = y + (tall - v.h) / 2;
      width = Math.max(width, v.cx + v.w / 2);
      if (v.box) { v.box.x = v.cx - v.w / 2; v.box.y = v.y; }
    }
    y += tall + GAP_Y;
  }
  for (const a of arcs) for (const line of a.lines) line.via = a.places.map((v) => ({ x: v.cx, y: v.y }));
  return { w: width, h: y - GAP_Y };
}

/** Gives the boxes of a rank the places nearest to those they want, in order and without overlap (isotonic regression). */
function spread(rank) {
  const blocks = [];
  let offset = 0;
  rank.forEach((v, i) => {
    if (i) offset += (rank[i - 1].w + v.w) / 2 + GAP_X;
    v.offset = offset;
    let block = { sum: (v.want - offset) * v.weight, weight: v.weight, count: 1 };
    while (blocks.length && blocks[blocks.length - 1].sum / blocks[blocks.length - 1].weight >= block.sum / block.weight) {
      const last = blocks.pop();
      block = { sum: block.sum + last.sum, weight: block.weight + last.weight, count: block.count + last.count };
    }
    blocks.push(block);
  });
  let i = 0;
  for (const block of blocks)
    for (let k = 0; k < block.count; k++, i++) rank[i].cx = block.sum / block.weight + rank[i].offset;
}

/** About how wide a text is, without asking the browser, which would be slow for thousands. */
function textWidth(text, size) {
  let wide = 0;
  for (const c of text) wide += c.codePointAt(0) > 0x2e80 ? 1 : 0.58;
  return wide * size;
}

function caption(node) { return [node.shape, node.dtype].filter(Boolean).join(" "); }
function groupCaption(group) { return (group.type ? group.type + " · " : "") + group.size; }
