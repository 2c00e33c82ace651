// Draws the map of the provinces: <div data-map="ID"> takes its figures from <script type="application/json" id="ID"> and
// its outlines from the address they name. Hoàng Sa and Trường Sa are drawn and labelled whatever is shown.
import { init, registerMap, type EChartsType } from "echarts/core";
import { follow } from "./sizing";

interface Province {
  code: string;
  name: string;
  value: number | null;
  step: number;
  chosen: boolean;
  address: string;
}
interface Country {
  outlines: string;
  map: string;
  none: string;
  outside: string;
  provinces: Province[];
}
interface Feature {
  type: "Feature";
  bbox?: [number, number, number, number];
  properties: { code: string; name: string; archipelago?: boolean; key?: string; cp?: Point };
  geometry: { type: string; coordinates: unknown };
}
interface Collection {
  type: "FeatureCollection";
  features: Feature[];
}

type Point = [number, number];
const ISLET_DEGREES = 0.06;
const LABEL_ABOVE_DEGREES = 0.45;
const fetched = new Map<string, Promise<Feature[]>>();

/** Puts the outlines under a name; an archipelago, a point with a box, becomes that box, so that it can be labelled. */
function fetchOutlines(address: string, name: string): Promise<Feature[]> {
  const known = fetched.get(address);
  if (known) return known;
  const coming = fetch(address).then(async (answer) => {
    if (!answer.ok) throw new Error(`The outlines of the map could not be fetched: ${answer.status}.`);
    const collection = (await answer.json()) as Collection;
    for (const feature of collection.features) {
      feature.properties.key = feature.properties.archipelago ? feature.properties.name : feature.properties.code;
      if (feature.properties.archipelago && feature.bbox) {
        const [west, south, east, north] = feature.bbox;
        const box = [[west, south], [east, south], [east, north], [west, north], [west, south]];
        const marks = isletsWithin(collection, feature.bbox).map(diamond);
        feature.properties.cp = [(west + east) / 2, north + LABEL_ABOVE_DEGREES];
        feature.geometry = { type: "MultiPolygon", coordinates: [[box], ...marks.map((mark) => [mark])] };
      }
    }
    registerMap(name, collection as unknown as Parameters<typeof registerMap>[1]);
    return collection.features;
  });
  fetched.set(address, coming);
  return coming;
}

/** Middles of the islets in a box: drawn to scale they are smaller than a pixel. */
function isletsWithin(collection: Collection, [west, south, east, north]: [number, number, number, number]): Point[] {
  const found = new Map<string, Point>();
  for (const { geometry, properties } of collection.features) {
    if (properties.archipelago || geometry.type !== "MultiPolygon") continue;
    for (const [ring] of geometry.coordinates as Point[][][]) {
      const [lon, lat] = ring?.[0] ?? [0, 0];
      if (lon > west && lon < east && lat > south && lat < north) {
        found.set(`${lon.toFixed(1)} ${lat.toFixed(1)}`, [lon, lat]);
      }
    }
  }
  return [...found.values()];
}

function diamond([lon, lat]: Point): Point[] {
  const size = ISLET_DEGREES;
  return [[lon - size, lat], [lon, lat - size], [lon + size, lat], [lon, lat + size], [lon - size, lat]];
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

async function drawMap(box: HTMLElement, country: Country): Promise<void> {
  const features = await fetchOutlines(country.outlines, country.map);
  if (!box.isConnected || box.firstElementChild) return;
  const chart: EChartsType = init(box, undefined, { renderer: "svg" });
  const language = document.documentElement.lang === "en" ? "en-GB" : "vi-VN";
  const byCode = new Map(country.provinces.map((province) => [province.code, province]));
  const text = colour("--tblr-body-color");
  const size = Math.max(12, parseFloat(getComputedStyle(box).fontSize) * 0.75);
  const archipelagos = features.filter((feature) => feature.properties.archipelago);
  chart.setOption({
    backgroundColor: "transparent",
    animation: false,
    tooltip: {
      renderMode: "richText",
      trigger: "item",
      formatter: (point: { name: string }) => {
        const province = byCode.get(point.name);
        if (!province) return point.name;
        const said = province.step < 0 ? country.outside : (province.value?.toLocaleString(language) ?? country.none);
        return `${province.name}\n${said}`;
      },
    },
    series: [
      {
        type: "map",
        map: country.map,
        nameProperty: "key",
        selectedMode: false,
        aspectScale: 0.96,
        layoutCenter: ["50%", "50%"],
        layoutSize: "98%",
        label: { show: false },
        itemStyle: { borderColor: colour("--map-line"), borderWidth: 0.6, areaColor: colour("--step-none") },
        emphasis: { label: { show: false }, itemStyle: { borderWidth: 2, borderColor: text, areaColor: "inherit" } },
        data: [
          ...country.provinces.map((province) => ({
            name: province.code,
            value: province.value ?? undefined,
            cursor: province.address ? "pointer" : "default",
            itemStyle: {
              areaColor: colour(province.step < 0 ? "--step-outside" : province.step ? `--step-${province.step}` : "--step-none"),
              ...(province.chosen ? { borderColor: colour("--focus"), borderWidth: 2.5 } : {}),
            },
          })),
          ...archipelagos.map((feature) => ({
            name: feature.properties.name,
            itemStyle: { areaColor: "transparent", borderColor: colour("--soft"), borderWidth: 1 },
            emphasis: { label: { show: true, color: text }, itemStyle: { areaColor: "transparent" } },
            label: { show: true, color: text, fontSize: size, lineHeight: size * 1.2, formatter: feature.properties.name },
          })),
        ],
      },
    ],
  });
  chart.on("click", (point) => {
    const address = byCode.get(String(point.name))?.address;
    if (address && !document.body.classList.contains("wall")) window.location.assign(address);
  });
  follow(box, chart);
}

/** Draws the maps of a part of a page that are not drawn yet. */
export function drawMaps(root: ParentNode): void {
  for (const box of root.querySelectorAll<HTMLElement>("[data-map]")) {
    const figures = document.getElementById(box.dataset.map ?? "")?.textContent;
    if (figures && !box.firstElementChild) void drawMap(box, JSON.parse(figures) as Country);
  }
}
