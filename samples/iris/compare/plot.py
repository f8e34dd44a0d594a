"""Draws what the models made of the test flowers, as SVG."""

from xml.sax.saxutils import escape

COLOURS = ["#0f6cbd", "#c19c00", "#c50f1f"]
WIDTH, PANEL, TOP, LEFT = 360, 300, 70, 50


def draw(models, species):
    """One panel a model: petal length by petal width, coloured by the true species, ringed where the model was wrong."""
    flowers = [flower for model in models for flower in model["predictions"]]
    x_range = _range([float(flower["petal_length"]) for flower in flowers])
    y_range = _range([float(flower["petal_width"]) for flower in flowers])
    width, height = WIDTH * len(models) + 20, TOP + PANEL + 90
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" '
        'font-family="system-ui, sans-serif" font-size="13" fill="#242424">'.format(width, height),
        '<rect width="{}" height="{}" fill="#ffffff"/>'.format(width, height),
        '<text x="20" y="28" font-size="18" font-weight="600">What the models made of the test flowers</text>',
    ]
    for index, model in enumerate(models):
        parts += _panel(model, species, LEFT + index * WIDTH, x_range, y_range)
    parts += _legend(species, TOP + PANEL + 72)
    return "\n".join(parts + ["</svg>", ""])


def _panel(model, species, left, x_range, y_range):
    side = WIDTH - 70
    title = "{}: {:.1%} right".format(model["name"], model["metrics"]["accuracy"])
    yield '<text x="{}" y="{}" font-weight="600">{}</text>'.format(left, TOP - 12, escape(title))
    yield '<rect x="{}" y="{}" width="{}" height="{}" fill="#f5f5f5" stroke="#bdbdbd"/>'.format(left, TOP, side, PANEL)
    for step in range(1, 8):
        x = _place(step, x_range, left, side)
        if left < x < left + side:
            yield '<text x="{:.1f}" y="{}" text-anchor="middle" fill="#616161">{}</text>'.format(x, TOP + PANEL + 18, step)
    for half in range(0, 6):
        y = TOP + PANEL - _place(half / 2, y_range, 0, PANEL)
        if TOP < y < TOP + PANEL:
            yield '<text x="{}" y="{:.1f}" text-anchor="end" fill="#616161">{}</text>'.format(left - 6, y + 4, half / 2)
    yield '<text x="{}" y="{}" text-anchor="middle">petal length (cm), width upwards</text>'.format(left + side / 2, TOP + PANEL + 38)
    for flower in model["predictions"]:
        x = _place(float(flower["petal_length"]), x_range, left, side)
        y = TOP + PANEL - _place(float(flower["petal_width"]), y_range, 0, PANEL)
        colour = COLOURS[species.index(flower["species"]) % len(COLOURS)]
        yield '<circle cx="{:.1f}" cy="{:.1f}" r="4" fill="{}" fill-opacity="0.7"/>'.format(x, y, colour)
        if flower["predicted"] != flower["species"]:
            yield '<circle cx="{:.1f}" cy="{:.1f}" r="8" fill="none" stroke="#242424" stroke-width="1.5"/>'.format(x, y)


def _legend(species, y):
    for index, name in enumerate(species):
        x = LEFT + index * 110
        yield '<circle cx="{}" cy="{}" r="5" fill="{}"/>'.format(x, y - 4, COLOURS[index % len(COLOURS)])
        yield '<text x="{}" y="{}">{}</text>'.format(x + 12, y, escape(name))
    x = LEFT + len(species) * 110
    yield '<circle cx="{}" cy="{}" r="7" fill="none" stroke="#242424" stroke-width="1.5"/>'.format(x, y - 4)
    yield '<text x="{}" y="{}">the model was wrong</text>'.format(x + 14, y)


def _range(values):
    margin = (max(values) - min(values)) * 0.08 or 1.0
    return min(values) - margin, max(values) + margin


def _place(value, bounds, start, length):
    return start + (value - bounds[0]) / (bounds[1] - bounds[0]) * length
