// A plot of lines on two logarithmic axes as SVG, readable on light and on dark ground. Small enough to be written
// here: a chart library would bring a browser's DOM along for two pictures.

export interface Line {
  readonly label: string;
  /** In ascending order of x; both above 0. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Drawn thick: what the picture is about. */
  readonly main: boolean;
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
  /** What stands at the marks of the x axis. */
  readonly marks: readonly (readonly [x: number, label: string])[];
  /** What stands at the powers of ten of the y axis. */
  readonly unit: (y: number) => string;
}

const WIDTH = 760;
const HEIGHT = 440;
const LEFT = 78;
const RIGHT = 590;
const TOP = 48;
const BOTTOM = 380;
/** Seen apart by most eyes, on white and on near-black (Okabe and Ito, but for the yellow, which white swallows). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#b8860b', '#8c6bb1', '#7f7f7f'];
const LINE_HEIGHT = 15;

export function draw(plot: Plot): string {
  const points = plot.lines.flatMap((line) => line.points);
  const across = scale(
    points.map(([x]) => x),
    [LEFT, RIGHT],
  );
  const [low, high] = powers(points.map(([, y]) => y));
  const up = scale([low, high], [BOTTOM, TOP]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(plot.title)}">`,
    '<style>',
    'text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:15px;font-weight:600}.faint{stroke:#d0d7de}',
    '@media(prefers-color-scheme:dark){text{fill:#e6edf3}.faint{stroke:#3d444d}}',
    '</style>',
    `<text class="title" x="${LEFT}" y="24">${escaped(plot.title)}</text>`,
    ...rulers(plot, low, high, up),
    ...plot.marks.map(
      ([x, label]) => `<text x="${round(across(x))}" y="${BOTTOM + 18}" text-anchor="middle">${escaped(label)}</text>`,
    ),
    `<text x="${(LEFT + RIGHT) / 2}" y="${BOTTOM + 42}" text-anchor="middle">${escaped(plot.x)}</text>`,
    `<text x="16" y="${(TOP + BOTTOM) / 2}" text-anchor="middle" transform="rotate(-90 16 ${(TOP + BOTTOM) / 2})">${escaped(plot.y)}</text>`,
    ...curves(plot.lines, across, up),
    '</svg>',
    '',
  ].join('\n');
}

function rulers(plot: Plot, low: number, high: number, up: (y: number) => number): string[] {
  const drawn: string[] = [];
  for (let y = low; y <= high * 1.001; y *= 10) {
    const at = round(up(y));
    drawn.push(`<line class="faint" x1="${LEFT}" y1="${at}" x2="${RIGHT}" y2="${at}"/>`);
    drawn.push(`<text x="${LEFT - 8}" y="${at + 4}" text-anchor="end">${escaped(plot.unit(y))}</text>`);
  }
  return drawn;
}

function curves(lines: readonly Line[], across: (x: number) => number, up: (y: number) => number): string[] {
  const drawn: string[] = [];
  const labels: { readonly y: number; readonly text: string; readonly from: readonly [number, number] }[] = [];
  for (const [i, line] of lines.entries()) {
    const colour = COLOURS[i % COLOURS.length] as string;
    const dashes = i >= COLOURS.length ? ' stroke-dasharray="6 3"' : '';
    const path = line.points.map(([x, y]) => `${round(across(x))},${round(up(y))}`);
    const width = line.main ? 3.5 : 1.75;
    drawn.push(
      `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"${dashes}/>`,
      ...path.map((at) => {
        const [x, y] = at.split(',');
        return `<circle cx="${x}" cy="${y}" r="${line.main ? 4 : 2.5}" fill="${colour}"/>`;
      }),
    );
    const end = line.points.at(-1);
    if (!end) continue;
    const from: [number, number] = [round(across(end[0])), round(up(end[1]))];
    const weight = line.main ? ' font-weight="600"' : '';
    labels.push({ y: from[1], from, text: `${weight} style="fill:${colour}">${escaped(line.label)}</text>` });
  }
  return [...drawn, ...spread(labels)];
}

/**
 * Puts the labels right of the plot, moved apart where they would lie on one another, each led to the end of its line.
 */
function spread(
  labels: { readonly y: number; readonly text: string; readonly from: readonly [number, number] }[],
): string[] {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  const places = sorted.map(({ y }) => y);
  for (let i = 1; i < places.length; i++) {
    places[i] = Math.max(places[i] as number, (places[i - 1] as number) + LINE_HEIGHT);
  }
  const over = Math.max(0, (places.at(-1) ?? 0) - BOTTOM);
  for (let i = places.length - 1, most = BOTTOM; over > 0 && i >= 0; i--, most -= LINE_HEIGHT) {
    places[i] = Math.min(places[i] as number, most);
  }
  return sorted.flatMap(({ text, from: [x, y] }, i) => [
    `<line class="faint" x1="${x + 5}" y1="${y}" x2="${RIGHT + 10}" y2="${places[i]}"/>`,
    `<text x="${RIGHT + 14}" y="${(places[i] as number) + 4}"${text}`,
  ]);
}

/** The powers of ten around values. */
function powers(values: readonly number[]): [number, number] {
  return [10 ** Math.floor(Math.log10(Math.min(...values))), 10 ** Math.ceil(Math.log10(Math.max(...values)))];
}

function scale(values: readonly number[], [from, to]: readonly [number, number]): (value: number) => number {
  const low = Math.log(Math.min(...values));
  const high = Math.log(Math.max(...values));
  return (value) => from + ((Math.log(value) - low) / (high - low || 1)) * (to - from);
}

const round = (value: number) => Math.round(value * 10) / 10;
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
