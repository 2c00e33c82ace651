// Draws the charts of a page: <div data-chart="ID"> takes its options from <script type="application/json" id="ID">.
// Only what is used of ECharts is taken in. Tooltips are drawn (richText): pages forbid styles that a script sets inline.
import { BarChart, LineChart, MapChart } from "echarts/charts";
import {
  AriaComponent,
  DatasetComponent,
  GeoComponent,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { init, registerMap, use, type EChartsCoreOption, type EChartsType } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { drawMaps } from "./map";
import { follow } from "./sizing";

use([
  AriaComponent,
  BarChart,
  DatasetComponent,
  GeoComponent,
  GridComponent,
  LegendComponent,
  LineChart,
  MapChart,
  SVGRenderer,
  TooltipComponent,
  VisualMapComponent,
]);

/** Names the shapes of a map (GeoJSON) for `map` in the options of a chart. */
export { registerMap };

const FALLBACK_HEIGHT = 280;

function isDark(): boolean {
  return document.documentElement.getAttribute("data-bs-theme") === "dark";
}

/** Draws one chart into a box; with new options it changes in place. Text and tooltips follow light and dark. */
export function draw(box: HTMLElement, options: EChartsCoreOption): EChartsType {
  const chart = init(box, isDark() ? "dark" : undefined, {
    renderer: "svg",
    height: box.clientHeight || FALLBACK_HEIGHT,
  });
  const language = document.documentElement.lang === "en" ? "en-GB" : "vi-VN";
  const written = (value: unknown): string => (typeof value === "number" ? value.toLocaleString(language) : "–");
  const tooltip = {
    trigger: "axis",
    renderMode: "richText",
    valueFormatter: written,
    ...(options.tooltip as object | undefined),
  };
  // ECharts would describe the figures in English, over the title the page gave; the table beside the chart has them.
  const aria = { enabled: true, label: { description: box.getAttribute("aria-label") ?? "" } };
  chart.setOption({ backgroundColor: "transparent", aria, ...options, tooltip });
  const fontSize = Math.max(12, parseFloat(getComputedStyle(box).fontSize) * 0.75);
  if (options.yAxis) chart.setOption({ yAxis: { axisLabel: { formatter: written, fontSize } } });
  if (options.xAxis) chart.setOption({ xAxis: { axisLabel: { fontSize } }, legend: { textStyle: { fontSize } } });
  follow(box, chart);
  return chart;
}

function drawAll(root: ParentNode): void {
  for (const box of root.querySelectorAll<HTMLElement>("[data-chart]")) {
    const options = document.getElementById(box.dataset.chart ?? "")?.textContent;
    if (options && !box.firstElementChild) draw(box, JSON.parse(options) as EChartsCoreOption);
  }
  drawMaps(root);
}

drawAll(document);
document.addEventListener("htmx:after:swap", () => drawAll(document));
