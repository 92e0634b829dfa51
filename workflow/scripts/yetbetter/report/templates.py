"""Pages made from their templates: a single file each, which loads nothing from any host."""

from pathlib import Path

from markupsafe import Markup

from yetbetter.errors import UserError
from yetbetter.records import shorten


def render(template: Path, **parts) -> str:
    """A page from its template; styles and script are read from its folder and written into the page.

    UserError for a file that is not a template of this page.
    """
    import jinja2

    folder = jinja2.FileSystemLoader(template.parent)
    engine = jinja2.Environment(
        loader=folder, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    engine.globals["asset"] = lambda name: Markup((template.parent / name).read_text(encoding="utf-8"))
    try:
        return engine.get_template(template.name).render(**parts)
    except (jinja2.TemplateError, UnicodeDecodeError) as error:
        raise UserError(f"{template}: not the page's template ({shorten(str(error), 120)})") from None
