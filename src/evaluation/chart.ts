/** One axis of a chart: what it spans, where its ticks stand and what they say. No ticks, no axis. */
export interface ChartAxis {
  readonly domain: readonly [number, number];
  readonly scale?: "linear" | "log" | "sqrt";
  readonly ticks?: readonly number[];
  readonly tickText?: (value: number) => string;
  readonly label?: string;
}

/** How a mark looks; colours are CSS variables of the page, sizes are units of the chart. */
export interface ChartStyle {
  readonly fill?: string;
  readonly stroke?: string;
  readonly width?: number;
  readonly dash?: string;
  readonly radius?: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly dx?: number;
  readonly dy?: number;
  readonly weight?: number;
  readonly size?: number;
}

/** A point of a chart in the units of its axes. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** Shown while the pointer rests on it. */
  readonly title?: string;
}

/** A box, or from corner to corner a line, in the units of the axes. */
export interface ChartSpan {
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
  readonly opacity?: number;
  /** Shown while the pointer rests on it. */
  readonly title?: string;
}

/** What a chart is made of, drawn in order. Marks with a number that is not finite are left out. */
export type ChartMark =
  | {
      readonly mark: "line";
      readonly points: readonly ChartPoint[];
      readonly step?: boolean;
      readonly style: ChartStyle;
    }
  | { readonly mark: "dots"; readonly points: readonly ChartPoint[]; readonly style: ChartStyle }
  | {
      readonly mark: "texts";
      readonly points: readonly (ChartPoint & { readonly text: string })[];
      readonly style: ChartStyle;
    }
  | { readonly mark: "boxes" | "segments"; readonly spans: readonly ChartSpan[]; readonly style: ChartStyle };

/** A picture in its own units, scaled by the page. `description` says in words what it shows. */
export interface Chart {
  readonly description: string;
  readonly height: number;
  readonly width?: number;
  readonly margins?: {
    readonly left?: number;
    readonly right?: number;
    readonly top?: number;
    readonly bottom?: number;
  };
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly marks: readonly ChartMark[];
}
