// Reads /metrics once a second, and keeps a card for each series that it finds there.
"use strict";

const PERIOD = 1_000;
const WINDOW = 60_000;
const TIMEOUT = 5_000;

const cards = new Map();
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** The series in a text of the Prometheus format, as far as quipu writes it: without timestamps, at most one label. */
function parse(text) {
  const heads = new Map();
  const series = [];
  for (const line of text.split("\n")) {
    const head = line.match(/^# (HELP|TYPE) (\S+) (.*)$/);
    const sample = line.match(/^([^\s{]+)(?:\{[^=]+="((?:[^"\\]|\\.)*)"\})? (\S+)$/);
    if (head) {
      const [, key, name, value] = head;
      heads.set(name, { ...heads.get(name), [key]: unescaped(value) });
    } else if (sample) {
      const [whole, name, label, value] = sample;
      const { HELP: help, TYPE: kind } = { HELP: "", ...heads.get(name) };
      const id = whole.slice(0, whole.lastIndexOf(" "));
      const number = Number(value.replace("Inf", "Infinity"));
      series.push({ id, name, label: unescaped(label ?? ""), help, kind, value: number });
    }
  }
  return series;
}

function unescaped(text) {
  return text.replace(/\\(.)/g, (_, character) => (character === "n" ? "\n" : character));
}

/** A series' place on the page, with what its plot needs to remember. */
class Card {
  constructor({ id, name, label, help, kind }) {
    const root = document.getElementById("card").content.cloneNode(true).firstElementChild;
    this.part = (selector) => root.querySelector(selector);
    this.isGauge = kind === "gauge";
    this.points = [];
    root.dataset.series = id;
    root.classList.add(kind);
    this.part(".name").textContent = name;
    this.part(".label").textContent = label;
    this.part(".help").textContent = help;
    document.getElementById("cards").append(root);
  }

  show(at, value) {
    this.part(".total").textContent = exact.format(value);
    const level = this.isGauge ? value : this.rate(at, value);
    this.last = { at, value };
    // A plot has no place for what is infinite.
    if (Number.isFinite(level)) {
      this.points.push({ at, level });
      this.plot(at);
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

  plot(now) {
    // The last point outside of the window stays, so that the line begins at the edge.
    while (this.points.length > 2 && this.points[1].at < now - WINDOW) {
      this.points.shift();
    }
    const { width, height } = this.part("svg").viewBox.baseVal;
    const levels = this.points.map(({ level }) => level);
    const [least, top] = [Math.min(0, ...levels), Math.max(0, ...levels)];
    const scale = top > least ? (height * 0.95) / (top - least) : 0;
    const y = (level) => (height - (level - least) * scale).toFixed(2);
    const x = (at) => (width * (1 - (now - at) / WINDOW)).toFixed(2);
    const line = this.points.map(({ at, level }) => `${x(at)},${y(level)}`).join(" ");
    this.part(".line").setAttribute("points", line);
    this.part(".area").setAttribute("points", `${x(this.points[0].at)},${y(0)} ${line} ${width},${y(0)}`);
    this.caption(levels.at(-1), Math.max(...levels));
  }

  caption(level, most) {
    const unit = this.isGauge ? "" : "/s";
    this.part(".rate").textContent = this.isGauge ? "" : `${short.format(level)}${unit}`;
    this.part(".most").textContent = `at most ${short.format(most)}${unit}`;
    const description = `Last minute: now ${short.format(level)}${unit}, at most ${short.format(most)}${unit}`;
    this.part("svg").setAttribute("aria-label", description);
  }
}

function show(series) {
  const at = performance.now();
  for (const one of series) {
    if (!cards.has(one.id)) {
      cards.set(one.id, new Card(one));
    }
    cards.get(one.id).show(at, one.value);
  }
}

function report(message, isLost) {
  const status = document.getElementById("status");
  if (status.textContent !== message) {
    status.textContent = message;
  }
  status.classList.toggle("lost", isLost);
}

async function poll() {
  try {
    const response = await fetch("metrics", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) {
      throw new Error(`status ${response.status}`);
    }
    show(parse(await response.text()));
    report("Live", false);
  } catch (error) {
    report(`No answer (${error.message}); trying again`, true);
  }
  setTimeout(poll, PERIOD);
}

poll();
