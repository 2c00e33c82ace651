// Keeps a chart as large as its box, and lets it go when its part of the page was exchanged for a new one.
import type { EChartsType } from "echarts/core";

export function follow(box: HTMLElement, chart: EChartsType): void {
  const observer = new ResizeObserver(() => {
    if (!box.isConnected) {
      observer.disconnect();
      chart.dispose();
    } else if (box.clientWidth > 0 && box.clientHeight > 0) {
      chart.resize();
    }
  });
  observer.observe(box);
}
