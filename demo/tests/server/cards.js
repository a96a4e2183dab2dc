[...document.querySelectorAll("[data-metric]")].map((root) => {
  const { metric } = root.dataset;
  const card = cards.get(metric);
  const { points } = card.track;
  const steps = points.slice(1).map(({ at, level }, before) => (level * (at - points[before].at)) / 1000);
  return {
    metric,
    total: card.part("output.total").innerText,
    rate: card.part(".rate").innerText,
    points: card.part(".line").points.length,
    // Whether the line leaves the bottom of a plot that has a size.
    rises:
      card.part("svg").getBoundingClientRect().height > 20 && [...card.part(".line").points].some(({ y }) => y < 15),
    // Whether there are bars in a picture that has a size.
    isDistributed:
      card.part(".distribution svg").getBoundingClientRect().height > 20 &&
      card.part(".bars").getBoundingClientRect().height > 10,
    // What the rates come to, over the time of the plot.
    grown: steps.reduce((sum, step) => sum + step, 0),
    rows: [...card.part("tbody").rows].map((row) => ({
      series: row.dataset.series,
      label: row.querySelector(".label").innerText,
      total: row.querySelector(".total").innerText,
      rate: row.querySelector(".rate").innerText,
    })),
  };
});
