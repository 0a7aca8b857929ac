"use strict";

const COLORS = ["#3b6fb6", "#d07a1f", "#3b9368", "#8a5fc0", "#c2557f", "#1f93a6", "#8a6b4d", "#a88c0c", "#5f7388", "#5aa02c"];
const SHOWN_SECONDS = 60;
const WEIGHTS = [1, 2, 3, 5];
const SVG = "http://www.w3.org/2000/svg";

const byId = (id) => document.getElementById(id);
let state = null;
let samples = [];
const rows = new Map();

// ---- what the server sends ----

const source = new EventSource("/events");
source.addEventListener("samples", (event) => { samples = JSON.parse(event.data); drawCharts(); });
source.addEventListener("sample", (event) => {
  samples.push(JSON.parse(event.data));
  if (samples.length > 90) samples.shift();
  drawCharts();
});
source.addEventListener("state", (event) => { state = JSON.parse(event.data); show(); });
source.onopen = () => say("");
source.onerror = () => say("The demo does not answer; trying again …");

async function command(path) {
  try {
    const response = await fetch(path, { method: "POST" });
    say(response.ok ? "" : (await response.text()).trim());
  } catch (error) {
    say("The demo does not answer.");
  }
}

function say(text) { byId("message").textContent = text; }

// ---- the state ----

function show() {
  document.body.classList.toggle("theirs", !state.own);
  showService(state.service);
  showController(state.controller);
  showBalancer(state.balancer);
  showPods();
  showEvents(state.events);
}

function text(id, value) {
  const element = byId(id);
  if (element.textContent !== value) element.textContent = value;
  return element;
}

function showService(service) {
  text("subtitle", `${service.namespace}/${service.name} under load`);
  text("service-name", `${service.namespace}/${service.name}`);
  text("service-selector", service.selector);
  text("service-ports", service.ports || "–");
  text("replicas", String(service.replicas));
  byId("scale-down").disabled = service.replicas <= 0;
  byId("scale-up").disabled = service.replicas >= 8;
}

function showController(controller) {
  const pill = text("watch-state", controller.state);
  const level = { LIVE: "good", SYNCING: "warn", STALE: "warn", ABSENT: "warn" }[controller.state] || "bad";
  pill.className = `pill ${level}`;
  text("cluster", state.service.cluster).title = state.service.cluster;
  text("heard", ago(controller.sinceHeard));
  text("changed", ago(controller.sinceChange));
  text("knows", `${count(controller.endpoints, "endpoint")} in ${count(controller.slices, "slice")}`);
  text("watch-detail", controller.detail
    || `${count(controller.lists, "list")}, ${count(controller.watches, "watch", "watches")}, ${count(controller.reconnects, "reconnect")}`);
}

function showBalancer(balancer) {
  const choices = byId("choices");
  if (choices.childElementCount === 0) {
    for (const name of balancer.choices) {
      const choice = button(name, () => command(`/strategy?name=${encodeURIComponent(name)}`));
      choice.setAttribute("role", "radio");
      choices.append(choice);
    }
    if (balancer.follows) {
      choices.append(button("follow the cluster", () => command("/follow")));
    }
  }
  for (const choice of choices.querySelectorAll("[role=radio]")) {
    choice.setAttribute("aria-checked", String(choice.textContent === balancer.choice));
  }
  const explanation = text("explanation", balancer.problem ? `${balancer.explanation} – ${balancer.problem}` : balancer.explanation);
  explanation.classList.toggle("problem", Boolean(balancer.problem));
  text("attempts",
    `${number(balancer.attempts)} attempts, ${number(balancer.failedAttempts)} of them failed; `
    + `${number(balancer.withoutEndpoint)} requests found no endpoint`
    + (balancer.lastLost ? `; last loss: ${shorten(balancer.lastLost)}` : ""));
  text("offered", `${Math.round(balancer.offered)}/s`);
  text("answered", number(balancer.answered));
  text("lost", number(balancer.lost)).classList.toggle("some", balancer.lost > 0);
  text("open", number(balancer.open));
}

// ---- pods: rows stay as they are, so that a button keeps the focus ----

function showPods() {
  const most = Math.max(1, ...state.pods.map((pod) => pod.rate));
  const body = byId("pods");
  const present = new Set(state.pods.map((pod) => pod.name));
  for (const [name, row] of rows) {
    if (!present.has(name)) { row.element.remove(); rows.delete(name); }
  }
  for (const pod of state.pods) {
    let row = rows.get(pod.name);
    if (!row) {
      row = makeRow(pod.name);
      rows.set(pod.name, row);
      body.append(row.element);
    }
    updateRow(row, pod, most);
  }
  byId("no-pods").hidden = state.pods.length > 0;
}

function makeRow(name) {
  const element = document.createElement("tr");
  const cell = (className) => {
    const td = document.createElement("td");
    td.className = className;
    element.append(td);
    return td;
  };
  const row = { element };
  const head = cell("");
  row.swatch = span(head, "swatch");
  span(head, "pod").textContent = name;
  row.where = span(head, "where");
  row.phase = span(cell(""), "pill");
  const bar = document.createElement("div");
  bar.className = "bar";
  cell("rate").append(bar);
  row.rate = span(bar, "");
  row.bar = document.createElement("i");
  bar.append(row.bar);
  row.inFlight = cell("number");
  row.latency = cell("number");
  row.says = cell("says");
  const weights = document.createElement("span");
  weights.className = "group tight";
  weights.setAttribute("role", "group");
  weights.setAttribute("aria-label", `Weight of ${name}`);
  row.weights = WEIGHTS.map((weight) => {
    const choice = button(String(weight), () => command(`/pods/${name}/weight?value=${weight}`));
    choice.setAttribute("aria-label", `Give ${name} weight ${weight}`);
    weights.append(choice);
    return choice;
  });
  cell("own").append(weights);
  const group = document.createElement("span");
  group.className = "group";
  row.kill = button("Kill", () => command(`/pods/${name}/${row.kill.dataset.command}`));
  row.slow = button("Slow ×10", () => command(`/pods/${name}/${row.slow.dataset.command}`));
  row.drain = button("Drain", () => command(`/pods/${name}/drain`));
  for (const each of [row.kill, row.slow, row.drain]) each.classList.add("do");
  row.slow.classList.add("long");
  group.append(row.kill, row.slow, row.drain);
  cell("own").append(group);
  return row;
}

function updateRow(row, pod, most) {
  const color = colorOf(pod.name);
  row.swatch.style.background = color;
  row.where.textContent = pod.node ? `${pod.address} on ${pod.node}` : pod.address;
  const dead = pod.phase === "KILLED" || pod.phase === "NOT_READY";
  const leaving = pod.phase === "TERMINATING";
  const [label, level] = phaseOf(pod, dead, leaving);
  row.phase.textContent = label;
  row.phase.className = `pill ${level}`;
  row.rate.textContent = pod.rate < 10 && pod.rate > 0 ? pod.rate.toFixed(1) : Math.round(pod.rate);
  row.bar.style.width = `${Math.round(110 * pod.rate / most)}px`;
  row.bar.style.background = color;
  row.inFlight.textContent = pod.inFlight;
  row.latency.textContent = pod.latency > 0 ? `${pod.latency.toFixed(pod.latency < 100 ? 1 : 0)} ms` : "–";
  row.says.textContent = pod.note || weightSaid(pod);
  row.says.classList.toggle("held", Boolean(pod.note));
  row.weights.forEach((choice, i) => choice.setAttribute("aria-pressed", String(WEIGHTS[i] === pod.weight)));
  set(row.kill, dead ? "Revive" : "Kill", dead ? "revive" : "kill", pod.name, leaving);
  set(row.slow, pod.slow ? "Normal" : "Slow ×10", pod.slow ? "normal" : "slow", pod.name, dead);
  set(row.drain, "Drain", "drain", pod.name, dead || leaving);
}

function phaseOf(pod, dead, leaving) {
  if (pod.phase === "KILLED") return ["killed", "bad"];
  if (pod.phase === "NOT_READY") return ["not ready", "bad"];
  if (leaving) return ["terminating", "warn"];
  if (pod.slow) return ["slow ×10", "warn"];
  return [pod.phase ? "running" : pod.note ? "held back" : "in use", pod.phase || !pod.note ? "good" : "warn"];
}

function weightSaid(pod) {
  if (pod.share === null || pod.share === undefined) return "";
  return Math.abs(pod.share - pod.weight) > 0.005 * pod.weight
    ? `in use, weight ${pod.share.toFixed(2)} of ${pod.weight}`
    : `in use, weight ${pod.weight}`;
}

function set(target, label, name, pod, disabled) {
  target.textContent = label;
  target.dataset.command = name;
  target.disabled = disabled;
  target.setAttribute("aria-label", `${label} ${pod}`);
}

function showEvents(events) {
  const list = byId("events");
  const key = events.map((event) => event.at).join();
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...events.map((event) => {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.textContent = `${Math.round(event.at)} s`;
    const what = document.createElement("span");
    what.className = event.source;
    what.textContent = event.source === "balancer" ? `Balancer: ${event.text}` : event.text;
    item.append(time, what);
    return item;
  }));
}

// ---- charts ----

function drawCharts() {
  drawRates();
  drawLatency();
}

function frame(svg, most) {
  const width = svg.clientWidth || 400;
  const height = svg.clientHeight || 160;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  const box = { left: 36, right: width - 8, top: 6, bottom: height - 20 };
  const end = samples.length ? samples[samples.length - 1].at : 0;
  const x = (at) => box.right - (end - at) / SHOWN_SECONDS * (box.right - box.left);
  const y = (value) => box.bottom - value / most * (box.bottom - box.top);
  for (let i = 0; i <= 4; i += 2) {
    const value = most * i / 4;
    draw(svg, "line", { x1: box.left, x2: box.right, y1: y(value), y2: y(value), class: "grid" });
    label(svg, box.left - 6, y(value) + 4, "end", String(value));
  }
  for (const ago of [60, 40, 20, 0]) {
    label(svg, x(end - ago), height - 5, ago === 0 ? "end" : "middle", ago === 0 ? "now" : `−${ago} s`);
  }
  return { x, y, box, shown: samples.filter((sample) => end - sample.at <= SHOWN_SECONDS) };
}

function drawRates() {
  const svg = byId("rates");
  const total = (sample) => Object.values(sample.pods).reduce((sum, rate) => sum + rate, 0);
  const { x, y, shown } = frame(svg, nice(Math.max(10, ...samples.map(total))));
  const names = [...new Set(shown.flatMap((sample) => Object.keys(sample.pods)))].sort(byNumber);
  const base = shown.map(() => 0);
  for (const name of names) {
    const lower = base.slice();
    shown.forEach((sample, i) => { base[i] += sample.pods[name] || 0; });
    const up = shown.map((sample, i) => `${x(sample.at).toFixed(1)},${y(base[i]).toFixed(1)}`);
    const down = shown.map((sample, i) => `${x(sample.at).toFixed(1)},${y(lower[i]).toFixed(1)}`).reverse();
    draw(svg, "polygon", { points: [...up, ...down].join(" "), fill: colorOf(name), "fill-opacity": 0.88, stroke: "#fff", "stroke-width": 0.8 });
    const last = shown.length - 1;
    if (last > 8 && y(lower[last]) - y(base[last]) > 13) {
      label(svg, x(shown[last].at) - 6, (y(lower[last]) + y(base[last])) / 2 + 4, "end", name).setAttribute("class", "name");
    }
  }
  const latest = shown[shown.length - 1];
  if (latest) {
    svg.setAttribute("aria-label", "Requests per second now: "
      + Object.entries(latest.pods).map(([name, rate]) => `${name} ${Math.round(rate)}`).join(", "));
  }
}

function drawLatency() {
  const svg = byId("latency");
  const { x, y, box, shown } = frame(svg, nice(Math.max(20, ...samples.map((sample) => sample.p99))));
  for (const which of ["p99", "p50"]) {
    draw(svg, "polyline", {
      points: shown.filter((sample) => sample.p99 > 0).map((sample) => `${x(sample.at).toFixed(1)},${y(sample[which]).toFixed(1)}`).join(" "),
      fill: "none", stroke: "currentColor", "stroke-width": which === "p50" ? 2 : 1.6, class: which, "stroke-linejoin": "round",
    });
  }
  for (const sample of shown.filter((each) => each.failed > 0)) {
    draw(svg, "rect", { x: x(sample.at) - 3, width: 6, y: box.top + 12, height: box.bottom - box.top - 12, fill: "currentColor", "fill-opacity": 0.35, class: "failed" });
    const told = label(svg, x(sample.at), box.top + 8, "middle", String(sample.failed));
    told.setAttribute("style", "fill: var(--bad); font-weight: 600");
  }
  const latest = shown[shown.length - 1];
  if (latest) {
    svg.setAttribute("aria-label", `Latency now: median ${latest.p50.toFixed(1)} ms, p99 ${latest.p99.toFixed(1)} ms; lost ${latest.failed}`);
  }
}

function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

// ---- small things ----

function colorOf(name) {
  const color = state && state.colors[name];
  return COLORS[(color === undefined ? 8 : color) % COLORS.length];
}

function byNumber(a, b) { return a.localeCompare(b, "en", { numeric: true }); }

function draw(svg, kind, attributes) {
  const element = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  svg.append(element);
  return element;
}

function label(svg, x, y, anchor, value) {
  const element = draw(svg, "text", { x, y, "text-anchor": anchor });
  element.textContent = value;
  return element;
}

function span(parent, className) {
  const element = document.createElement("span");
  element.className = className;
  parent.append(element);
  return element;
}

function button(value, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = value;
  element.addEventListener("click", action);
  return element;
}

function ago(millis) {
  if (millis === null || millis === undefined) return "never";
  return millis < 60000 ? `${(millis / 1000).toFixed(1)} s ago` : `${Math.round(millis / 60000)} min ago`;
}

function count(n, one, many) { return `${number(n)} ${n === 1 ? one : many || `${one}s`}`; }

function number(n) { return n.toLocaleString("en"); }

function shorten(value) { return value.length > 90 ? `${value.slice(0, 90)}…` : value; }

byId("scale-up").addEventListener("click", () => command(`/scale?replicas=${state.service.replicas + 1}`));
byId("scale-down").addEventListener("click", () => command(`/scale?replicas=${state.service.replicas - 1}`));
addEventListener("resize", drawCharts);
