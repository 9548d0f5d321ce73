// What the server says of the dashboard, and what the charts draw of it.

export interface Freshness {
  at: string | null;
  stale: boolean;
  text: string;
}

export interface TodayChart { labels: string[]; now: (number | null)[]; then: number[]; now_title: string; then_title: string; running: number }
export interface DaysChart { labels: string[]; visits: number[]; before: number[]; before_title: string; weekend: boolean[] }
export interface Sign { name: string; kind: string; at: [number, number]; visits: number; query: string }
export interface PlacesChart {
  size: [number, number];
  river: [number, number][];
  bridges: { name: string; at: [number, number] }[];
  signs: Sign[];
}
export interface WeekdaysChart { weekdays: string[]; labels: string[]; cells: [number, number, number][] }
export interface HoursChart { labels: string[]; visits: number[] }
export interface PassesChart { labels: string[]; first: number[]; again: number[] }
export interface BarsChart { rows: { name: string; count: number }[] }
export interface SatisfactionChart { rows: { name: string; answers: number; share: number; lower: number }[] }

export interface Charts {
  today: TodayChart;
  days: DaysChart;
  places: PlacesChart;
  weekdays: WeekdaysChart;
  hours: HoursChart;
  passes: PassesChart;
  benefits: BarsChart;
  refusals: BarsChart;
  satisfaction: SatisfactionChart;
}

export type ChartName = keyof Charts;

export interface Panel {
  say: string;
  chart: Charts[ChartName] | null;
  rows: string[][];
  links: Record<string, string>;
}

export interface Live {
  as_of: Freshness;
  answers_as_of: Freshness;
  anything: boolean;
  period: string;
  figures: Record<string, { value: string; note: string }>;
  panels: Record<string, Panel>;
}

export interface Texts {
  language: "zh" | "en";
  charts: string;
  visits: string;
  scans: string;
  good: string;
  lower: string;
  answers: string;
  first: string;
  again: string;
  average: string;
  kinds: Record<string, string>;
}
