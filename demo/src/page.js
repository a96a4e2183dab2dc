// Reads /metrics once a second, and keeps a card for each metric that it finds there, with a row for each label.
"use strict";

const PERIOD = 1_000;
const WINDOW = 60_000;
const TIMEOUT = 5_000;

const cards = new Map();
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
// Significant digits: a small rate is not nil.
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** The series in a text of the Prometheus format, as far as quipu writes it: without timestamps, at most one label. */
function parse(text) {
  const heads = new Map();
  const series = [];
  for (const line of text.split("\n")) {
    const head = line.match(/^# (HELP|TYPE) (\S+) (.*)$/);
    const sample = line.match(/^([^\s{]+)(?:\{([^=]+)="((?:[^"\\]|\\.)*)"\})? (\S+)$/);
    if (head) {
      const [, key, name, value] = head;
      heads.set(name, { ...heads.get(name), [key]: unescaped(value) });
    } else if (sample) {
      const [whole, name, key, label, value] = sample;
      const { HELP: help, TYPE: kind } = { HELP: "", ...heads.get(name) };
      const id = whole.slice(0, whole.lastIndexOf(" "));
      const number = Number(value.replace("Inf", "Infinity"));
      series.push({ id, name, key: key ?? "", label: unescaped(label ?? ""), help, kind, value: number });
    }
  }
  return series;
}

function unescaped(text) {
  return text.replace(/\\(.)/g, (_, character) => (character === "n" ? "\n" : character));
}

/** A number of the last minute: a gauge's value, or how fast a counter grows. */
class Track {
  constructor(kind) {
    this.isGauge = kind === "gauge";
    this.unit = this.isGauge ? "" : "/s";
    this.points = [];
  }

  add(at, value) {
    const level = this.isGauge ? value : this.rate(at, value);
    this.last = { at, value };
    // A plot has no place for what is infinite.
    if (Number.isFinite(level)) {
      this.points.push({ at, level });
    }
    // The last point outside of the window stays, so that the line begins at the edge.
    while (this.points.length > 2 && this.points[1].at < at - WINDOW) {
      this.points.shift();
    }
  }

  /** By how much the counter grows in a second. One that is found lower has started again from zero. */
  rate(at, value) {
    if (this.last === undefined) {
      return undefined;
    }
    const grown = value < this.last.value ? value : value - this.last.value;
    return (grown * 1000) / (at - this.last.at);
  }

  text(level) {
    return level === undefined ? "" : `${short.format(level)}${this.unit}`;
  }

  /** The rate of a counter; a gauge has none. */
  get now() {
    return this.isGauge ? "" : this.text(this.points.at(-1)?.level);
  }
}

/** A copy of a template's only element, at the end of another element. */
function copy(template, parent) {
  const root = document.getElementById(template).content.cloneNode(true).firstElementChild;
  parent.append(root);
  return root;
}

/** A metric's place on the page: its total, its plot and, if it has a label, a row for each of that label's values. */
class Card {
  constructor({ name, key, help, kind }) {
    const root = copy("card", document.getElementById("cards"));
    this.part = (selector) => root.querySelector(selector);
    this.kind = kind;
    this.track = new Track(kind);
    this.rows = new Map();
    root.dataset.metric = name;
    root.classList.add(kind);
    root.classList.toggle("labelled", key !== "");
    this.part(".name").textContent = name;
    this.part(".help").textContent = help;
    this.part("table").hidden = key === "";
    this.part(".key").textContent = key;
    this.part(".unit").textContent = this.track.isGauge ? "" : "rate";
  }

  /** Shows the metric's series, of which there is more than one only if there is a label. */
  show(at, series) {
    const total = series.reduce((sum, { value }) => sum + value, 0);
    this.part(".total").textContent = exact.format(total);
    this.track.add(at, total);
    this.part(".rate").textContent = this.track.now;
    if (this.track.points.length > 0) {
      this.plot(at);
    }
    for (const one of series.filter(({ key }) => key !== "")) {
      if (!this.rows.has(one.id)) {
        this.rows.set(one.id, new Row(one, this.part("tbody")));
      }
      this.rows.get(one.id).show(at, one.value, total);
    }
  }

  plot(now) {
    const { points } = this.track;
    const { width, height } = this.part("svg").viewBox.baseVal;
    const levels = points.map(({ level }) => level);
    const [least, top] = [Math.min(0, ...levels), Math.max(0, ...levels)];
    const scale = top > least ? (height * 0.95) / (top - least) : 0;
    const y = (level) => (height - (level - least) * scale).toFixed(2);
    const x = (at) => (width * (1 - (now - at) / WINDOW)).toFixed(2);
    const line = points.map(({ at, level }) => `${x(at)},${y(level)}`).join(" ");
    this.part(".line").setAttribute("points", line);
    this.part(".area").setAttribute("points", `${x(points[0].at)},${y(0)} ${line} ${width},${y(0)}`);
    const [level, most] = [levels.at(-1), Math.max(...levels)].map((level) => this.track.text(level));
    this.part(".most").textContent = `at most ${most}`;
    this.part("svg").setAttribute("aria-label", `Last minute: now ${level}, at most ${most}`);
  }
}

/** A series of a metric with a label. */
class Row {
  constructor({ id, label, kind }, table) {
    this.root = copy("row", table);
    this.part = (selector) => this.root.querySelector(selector);
    this.track = new Track(kind);
    this.root.dataset.series = id;
    this.part(".label").textContent = label;
  }

  show(at, value, total) {
    this.track.add(at, value);
    this.part(".total").textContent = exact.format(value);
    this.part(".rate").textContent = this.track.now;
    this.root.classList.toggle("nil", value === 0);
    this.root.style.setProperty("--share", `${total > 0 ? (100 * value) / total : 0}%`);
  }
}

function show(series) {
  const at = performance.now();
  for (const [name, ofName] of Map.groupBy(series, ({ name }) => name)) {
    if (!cards.has(name)) {
      cards.set(name, new Card(ofName[0]));
    }
    cards.get(name).show(at, ofName);
  }
}

/** The state is `connecting` until the first answer, then `live` or `lost`. */
function report(state, message) {
  const status = document.getElementById("status");
  status.dataset.state = state;
  if (status.textContent !== message) {
    status.textContent = message;
  }
}

async function poll() {
  try {
    const response = await fetch("metrics", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) {
      throw new Error(`status ${response.status}`);
    }
    show(parse(await response.text()));
    report("live", "Live");
  } catch (error) {
    report("lost", `No answer (${error.message}); trying again`);
  }
  setTimeout(poll, PERIOD);
}

poll();
