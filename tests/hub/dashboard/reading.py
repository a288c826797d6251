"""Pages as tests read them: text, links, forms with their fields, landmarks; standard parser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"input", "meta", "link", "img", "br", "path", "circle", "rect", "hr"})
_HIDDEN_TEXT = frozenset({"script", "style", "title"})


@dataclass(slots=True)
class Element:
    """One element with what is inside."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None" = None
    children: "list[Element | str]" = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside, with single blanks."""
        return " ".join(" ".join(self._texts()).split())

    def _texts(self) -> list[str]:
        texts: list[str] = []
        for child in self.children:
            if isinstance(child, str):
                texts.append(child)
            elif child.tag not in _HIDDEN_TEXT:
                texts.extend(child._texts())
        return texts

    def every(self, tag: str, **wanted: str) -> "list[Element]":
        """All elements inside with this tag and these attributes (`class_` for class)."""
        names = {name.rstrip("_").replace("_", "-"): value for name, value in wanted.items()}
        found: list[Element] = []
        for child in self.children:
            if isinstance(child, str):
                continue
            if child.tag == tag and all(child.attributes.get(n) == v for n, v in names.items()):
                found.append(child)
            found.extend(child.every(tag, **wanted))
        return found

    def one(self, tag: str, **wanted: str) -> "Element":
        found = self.every(tag, **wanted)
        assert len(found) == 1, f"{len(found)} of <{tag}> with {wanted}"
        return found[0]


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A form as shown: where it goes, and what its fields hold."""

    element: Element

    @property
    def hidden(self) -> dict[str, str]:
        fields = self.element.every("input", type="hidden")
        return {each.attributes["name"]: each.attributes.get("value", "") for each in fields}

    def value(self, name: str) -> str:
        for tag in ("input", "select"):
            for each in self.element.every(tag, name=name):
                if tag == "input":
                    return each.attributes.get("value", "")
                chosen = [o for o in each.every("option") if "selected" in o.attributes]
                return chosen[0].attributes["value"] if chosen else ""
        raise AssertionError(f"no field {name}")

    def problem(self, name: str) -> str:
        """What is wrong with a field, tied to it for screen readers; empty if nothing."""
        for tag in ("input", "select", "fieldset"):
            for each in self.element.every(tag, id=f"f-{name}"):
                if each.attributes.get("aria-invalid") != "true":
                    return ""
                assert f"p-{name}" in each.attributes["aria-describedby"].split()
                return self.element.one("span", id=f"p-{name}").text
        raise AssertionError(f"no field {name}")


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser was shown."""

    path: str
    source: str
    root: Element

    @property
    def text(self) -> str:
        return self.root.text

    @property
    def heading(self) -> str:
        return self.root.one("h1").text

    def form(self, action: str) -> FilledForm:
        found = self.root.every("form", action=action)
        assert found, f"no form goes to {action} on {self.path}"
        return FilledForm(found[0])

    def has_form(self, action: str) -> bool:
        return bool(self.root.every("form", action=action))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("document", {})
        self._open = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open)
        self._open.children.append(element)
        if tag not in _VOID:
            self._open = element

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self._open.tag == tag, f"</{tag}> closes <{self._open.tag}>"
        assert self._open.parent is not None
        self._open = self._open.parent

    def handle_data(self, data: str) -> None:
        self._open.children.append(data)


def read(path: str, source: str) -> Page:
    """The page; an AssertionError where its elements are not nested properly."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    assert reader._open is reader.root, f"<{reader._open.tag}> is never closed"
    return Page(path, source, reader.root)
