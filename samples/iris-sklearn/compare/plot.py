"""Draws the confusion matrices of the models side by side, as SVG."""

from xml.sax.saxutils import escape

CELL, LEFT, TOP = 90, 100, 90


def draw(tables):
    """``tables``: by model a data frame of counts, a row for each true species and a column for each predicted one."""
    panel = LEFT + CELL * max(len(table.columns) for table in tables.values()) + 30
    width = panel * len(tables)
    height = TOP + CELL * max(len(table) for table in tables.values()) + 50
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" '
        'font-family="system-ui, sans-serif" font-size="13" text-anchor="middle" fill="#242424">'.format(width, height),
        '<rect width="{}" height="{}" fill="#ffffff"/>'.format(width, height),
    ]
    for index, (name, table) in enumerate(tables.items()):
        parts += _panel(name, table, index * panel)
    return "\n".join(parts + ["</svg>", ""])


def _panel(name, table, left):
    middle = left + LEFT + CELL * len(table.columns) / 2
    yield '<text x="{}" y="30" font-size="16" font-weight="600">{}</text>'.format(middle, escape(name))
    yield '<text x="{}" y="{}" fill="#616161">what the model said, by the true species (rows)</text>'.format(
        middle, TOP + CELL * len(table) + 30
    )
    for column, predicted in enumerate(table.columns):
        yield '<text x="{}" y="{}">{}</text>'.format(left + LEFT + CELL * (column + 0.5), TOP - 12, escape(predicted))
    for row, (actual, counts) in enumerate(table.iterrows()):
        y = TOP + CELL * row
        yield '<text x="{}" y="{}" text-anchor="end">{}</text>'.format(left + LEFT - 10, y + CELL / 2 + 4, escape(actual))
        for column, (predicted, count) in enumerate(counts.items()):
            yield _cell(left + LEFT + CELL * column, y, count, count / max(counts.sum(), 1), actual == predicted)


def _cell(x, y, count, share, right):
    return (
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" fill-opacity="{:.2f}" stroke="#bdbdbd"/>'
        '<text x="{}" y="{}" font-size="18">{}</text>'
    ).format(x, y, CELL, CELL, "#0f6cbd" if right else "#c50f1f", share * 0.6, x + CELL / 2, y + CELL / 2 + 6, count)
