"""HTML back to what stands in it: elements with their attributes and texts, and the cells of its tables."""

from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
RAW = {"script", "style"}


class Element:
    """An element with what is in it, in order: texts and elements."""

    def __init__(self, tag, attributes, parent=None):
        self.tag, self.attributes, self.parent, self.inside = tag, attributes, parent, []

    def walk(self):
        """It and every element in it, from top to bottom."""
        yield self
        for one in self.inside:
            if isinstance(one, Element):
                yield from one.walk()

    def all(self, *tags):
        """The elements in it that are called so."""
        return [one for one in self.walk() if one.tag in tags]

    @property
    def text(self):
        """What can be read in it, white space as a browser shows it."""
        return " ".join(self._raw().split())

    def _raw(self):
        return "".join(one if isinstance(one, str) else one._raw() for one in self.inside)


class Reader(HTMLParser):
    """Builds the tree, and is strict: what is opened is closed, in order."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = self.open = Element("", {})

    def handle_starttag(self, tag, attrs):
        """An element begins; what cannot hold anything ends at once."""
        assert len({name for name, _ in attrs}) == len(attrs), f"{tag} has an attribute twice"
        found = Element(tag, dict(attrs), self.open)
        self.open.inside.append(found)
        if tag not in VOID:
            self.open = found

    def handle_startendtag(self, tag, attrs):
        """An element of SVG that closes itself."""
        self.open.inside.append(Element(tag, dict(attrs), self.open))

    def handle_endtag(self, tag):
        """The element that is open ends."""
        assert tag == self.open.tag, f"</{tag}> closes <{self.open.tag}>"
        self.open = self.open.parent

    def handle_data(self, data):
        """Text."""
        self.open.inside.append(data)


def parsed(text):
    """The root of a page; raises AssertionError where its elements are not nested as they should be."""
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open is reader.root, f"<{reader.open.tag}> is never closed"
    return reader.root


def tables_in(text):
    """Every table that is one of the report: its key, then its rows, headings first."""
    return [
        (table.attributes["data-key"], [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")])
        for table in parsed(text).all("table")
        if "data-key" in table.attributes
    ]
