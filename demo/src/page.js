// Reads /metrics.json once a second, and keeps a card for each metric that it finds there, with a row for each label.
"use strict";

const PERIOD = 1_000;
const WINDOW = 60_000;
const TIMEOUT = 5_000;

const GROWING = new Set(["counter", "float_counter", "histogram"]);
const QUANTILES = [0.5, 0.9, 0.99, 0.999];
const OF_SERIES = 0.99;
const TIMES = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];

const cards = new Map();
const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
// Significant digits: a small rate is not nil.
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** The series of a snapshot's samples. The names of their labels are in one text, and so are the labels' values. */
function seriesOf(samples) {
  return samples.map(({ name, help, kind, labels, value, histogram }) => {
    const key = labels.map(({ name }) => name).join(", ");
    const label = labels.map(({ value }) => value).join(", ");
    const pairs = labels.map(({ name, value }) => `${name}="${value.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`);
    const id = pairs.length === 0 ? name : `${name}{${pairs.join()}}`;
    return { id, name, key, label, help, kind: GROWING.has(kind) ? "counter" : "gauge", value, histogram };
  });
}

/** A value in the unit that suits it. */
function amount(value, unit) {
  if (unit !== "seconds") {
    return `${short.format(value)} ${unit}`.trim();
  }
  const [size, name] = TIMES.find(([size]) => value >= size) ?? TIMES.at(-1);
  return `${short.format(value / size)} ${name}`;
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

/** The observations of a histogram in the last minute. */
class Distribution {
  constructor() {
    this.points = [];
  }

  add(at, { bounds, counts, decimals }) {
    const sum = (counts) => counts.reduce((sum, count) => sum + count, 0);
    if (this.points.length > 0 && sum(counts) < sum(this.points.at(-1).counts)) {
      // The server has started again from zero.
      this.points = [{ at, counts: counts.map(() => 0) }];
    }
    this.points.push({ at, counts });
    while (this.points.length > 2 && this.points[1].at < at - WINDOW) {
      this.points.shift();
    }
    const before = this.points[0].counts;
    const buckets = counts.map((count, index) => ({
      lower: (index === 0 ? 0 : bounds[index - 1] + 1) / 10 ** decimals,
      upper: (bounds[index] ?? Infinity) / 10 ** decimals,
      count: count - before[index],
    }));
    const isFilled = ({ count }) => count > 0;
    const first = buckets.findIndex(isFilled);
    /** From the first bucket that has observations to the last one. */
    this.buckets = first < 0 ? [] : buckets.slice(first, buckets.findLastIndex(isFilled) + 1);
    this.count = sum(buckets.map(({ count }) => count));
  }

  /** As quipu's `Quantile::estimate`. */
  quantile(q) {
    let rank = Math.max(1, Math.ceil(q * this.count));
    for (const { lower, upper, count } of this.buckets) {
      if (rank <= count) {
        return upper === Infinity ? lower : lower + ((upper - lower) * rank) / count;
      }
      rank -= count;
    }
    return undefined;
  }

  /** A path with a bar for each bucket. */
  bars({ width, height }) {
    const most = Math.max(...this.buckets.map(({ count }) => count));
    const wide = width / this.buckets.length;
    return this.buckets
      .map(({ count }, index) => {
        const high = ((height * 0.95 * count) / most).toFixed(2);
        return `M${(wide * index).toFixed(2)},${height}v-${high}h${(wide * 0.9).toFixed(2)}v${high}z`;
      })
      .join("");
  }
}

/** The histogram of all observations of several, which have the same buckets. */
function together(histograms) {
  const counts = histograms[0].counts.map((_, bucket) =>
    histograms.reduce((sum, { counts }) => sum + counts[bucket], 0),
  );
  return { ...histograms[0], counts };
}

/** A copy of a template's only element, at the end of another element. */
function copy(template, parent) {
  const root = document.getElementById(template).content.cloneNode(true).firstElementChild;
  parent.append(root);
  return root;
}

/**
 * A metric's place on the page: its total, its plot and, if it has labels, a row for each series. A histogram has a row
 * for each percentile of all observations, and then one for a percentile of each series.
 */
class Card {
  constructor({ name, key, help, kind, histogram }) {
    const root = copy("card", document.getElementById("cards"));
    this.part = (selector) => root.querySelector(selector);
    this.kind = kind;
    this.track = new Track(kind);
    this.rows = new Map();
    this.shown = 0;
    root.dataset.metric = name;
    root.classList.add(kind);
    root.classList.toggle("labelled", key !== "" || histogram !== undefined);
    this.part(".name").textContent = name;
    this.part(".help").textContent = help;
    this.part("table").hidden = key === "" && histogram === undefined;
    this.part(".key").textContent = key;
    this.part(".unit").textContent = this.track.isGauge ? "" : "rate";
    if (histogram !== undefined) {
      this.distribution = new Distribution();
      this.part(".distribution").hidden = false;
      this.part(".key").textContent = key === "" ? "percentile" : `percentile, ${key}`;
      this.part(".column").textContent = "last minute";
      this.part(".unit").textContent = key === "" ? "" : "rate";
      this.percentiles = QUANTILES.map((q) => new Percentile(q, this.part("tbody")));
    }
  }

  /** Shows the metric's series, of which there is more than one only if there are labels. */
  show(at, series) {
    const total = series.reduce((sum, { value }) => sum + value, 0);
    this.part(".total").textContent = exact.format(total);
    this.track.add(at, total);
    this.part(".rate").textContent = this.track.now;
    if (this.track.points.length > 0) {
      this.plot(at);
    }
    if (series[0].histogram !== undefined) {
      this.distribute(at, together(series.map(({ histogram }) => histogram)));
    }
    const rows = series.filter(({ key }) => key !== "").map((one) => this.row(one, at, total));
    // A series that comes later has its place among the others.
    if (rows.length > this.shown) {
      this.part("tbody").append(...rows);
    }
    this.shown = rows.length;
  }

  row(one, at, total) {
    if (!this.rows.has(one.id)) {
      this.rows.set(one.id, new Row(one, this.part("tbody")));
    }
    const row = this.rows.get(one.id);
    row.show(at, one, total);
    return row.root;
  }

  distribute(at, histogram) {
    const { distribution } = this;
    distribution.add(at, histogram);
    this.percentiles.forEach((percentile) => percentile.show(distribution.quantile(percentile.q), histogram.unit));
    const svg = this.part(".distribution svg");
    this.part(".bars").setAttribute("d", distribution.bars(svg.viewBox.baseVal));
    const [least, greatest] = [distribution.buckets[0]?.lower, distribution.buckets.at(-1)?.upper].map((bound) =>
      bound === undefined ? "" : Number.isFinite(bound) ? amount(bound, histogram.unit) : "∞",
    );
    this.part(".least").textContent = least;
    this.part(".greatest").textContent = greatest;
    svg.setAttribute("aria-label", `${distribution.count} observations in the last minute`);
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

/** A percentile of a histogram. */
class Percentile {
  constructor(q, table) {
    this.q = q;
    this.root = copy("row", table);
    this.root.dataset.quantile = q;
    this.root.querySelector(".label").textContent = `${exact.format(100 * q)} %`;
  }

  show(value, unit) {
    this.root.querySelector(".total").textContent = value === undefined ? "–" : amount(value, unit);
  }
}

/** A series of a metric with labels: its total or, of a histogram, a percentile of the last minute. */
class Row {
  constructor({ id, label, kind, histogram }, table) {
    this.distribution = histogram === undefined ? undefined : new Distribution();
    this.root = copy("row", table);
    this.part = (selector) => this.root.querySelector(selector);
    this.track = new Track(kind);
    this.root.dataset.series = id;
    this.part(".label").textContent = histogram === undefined ? label : `${exact.format(100 * OF_SERIES)} %, ${label}`;
  }

  show(at, { value, histogram }, total) {
    this.track.add(at, value);
    this.part(".total").textContent = histogram === undefined ? exact.format(value) : this.percentile(at, histogram);
    this.part(".rate").textContent = this.track.now;
    this.root.classList.toggle("nil", value === 0);
    this.root.style.setProperty("--share", `${total > 0 ? (100 * value) / total : 0}%`);
  }

  percentile(at, histogram) {
    this.distribution.add(at, histogram);
    const value = this.distribution.quantile(OF_SERIES);
    return value === undefined ? "–" : amount(value, histogram.unit);
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
    const response = await fetch("metrics.json", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) {
      throw new Error(`status ${response.status}`);
    }
    show(seriesOf((await response.json()).samples));
    report("live", "Live");
  } catch (error) {
    report("lost", `No answer (${error.message}); trying again`);
  }
  setTimeout(poll, PERIOD);
}

poll();
