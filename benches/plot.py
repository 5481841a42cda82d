"""A plot with logarithmic axes, as SVG."""
import math

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 640, 400, 70, 40, 50, 130
COLOURS = ["#0b6e4f", "#5aa469", "#555555", "#c1440e", "#7a5195", "#2f6fb5"]


def label(value):
    for step, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= step:
            return f"{value / step:g}{unit}"
    return f"{value:g}"


class Plot:
    def __init__(self, title, x, y):
        self.title, self.x, self.y, self.lines = title, x, y, []

    def line(self, name, points):
        self.lines.append((name, points))

    def write(self, path):
        points = [point for _, line in self.lines for point in line]
        spans = []
        for axis in (0, 1):
            values = [math.log10(point[axis]) for point in points]
            spans.append((min(values) - 0.1, max(values) + 0.1))

        def at(point):
            (x0, x1), (y0, y1) = spans
            x = LEFT + (math.log10(point[0]) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
            y = HEIGHT - BOTTOM - (math.log10(point[1]) - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)
            return x, y

        svg = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            f'<text x="{LEFT}" y="24" font-size="15">{self.title}</text>',
            f'<text x="{LEFT}" y="{HEIGHT - 10}">{self.x}</text>',
            f'<text x="14" y="{HEIGHT - BOTTOM}" transform="rotate(-90 14 {HEIGHT - BOTTOM})">{self.y}</text>',
        ]
        for x in sorted({point[0] for point in points}):
            place = at((x, points[0][1]))[0]
            svg.append(f'<text x="{place:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{label(x)}</text>')
            svg.append(f'<path d="M{place:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>')
        for power in range(math.ceil(spans[1][0]), math.floor(spans[1][1]) + 1):
            place = at((points[0][0], 10**power))[1]
            svg.append(f'<text x="{LEFT - 6}" y="{place + 4:.1f}" text-anchor="end">{label(10**power)}</text>')
            svg.append(f'<path d="M{LEFT} {place:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        for (name, line), colour in zip(self.lines, COLOURS):
            places = " ".join("{:.1f},{:.1f}".format(*at(point)) for point in line)
            svg.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>')
        # Each name is at the end of its line, moved down if names would overlap.
        ends = sorted((at(line[-1])[1], name, colour) for (name, line), colour in zip(self.lines, COLOURS))
        y = -math.inf
        for end, name, colour in ends:
            y = max(end + 4, y + 14)
            svg.append(f'<text x="{WIDTH - RIGHT + 6}" y="{y:.1f}" fill="{colour}">{name}</text>')
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(svg) + "\n</svg>\n")
