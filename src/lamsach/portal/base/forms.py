"""Forms: an error summary on top that links to each field, labels, hints, the input kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates, TemplatesSetting
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.errors import LamsachError
from lamsach.portal.base.asked import whole
from lamsach.portal.base.uploads import Kept, keep

_PLAIN = (CheckboxSelectMultiple, RadioSelect)


class Field(BoundField):
    """A field that wears Bootstrap's classes and says to screen readers that it is wrong."""

    def build_widget_attrs(self, attrs: Any, widget: Any = None) -> Any:
        """Add class, `aria-invalid` to the widget's attributes."""
        built: dict[str, Any] = dict(super().build_widget_attrs(attrs, widget))
        shown = widget or self.field.widget
        if not isinstance(shown, _PLAIN):
            built.setdefault("class", _css_class(shown))
            if self.errors:
                built["class"] += " is-invalid"
        return built

    @property
    def is_checkbox(self) -> bool:
        """Return whether the label comes after the box."""
        return isinstance(self.field.widget, CheckboxInput)

    @property
    def is_group(self) -> bool:
        """Return whether the field is several boxes under one legend."""
        return isinstance(self.field.widget, _PLAIN)


def _css_class(widget: Any) -> str:
    if isinstance(widget, CheckboxInput):
        return "form-check-input"
    if isinstance(widget, Select):
        return "form-select"
    return "form-control"


class Renderer(TemplatesSetting, DjangoTemplates):
    """Django's form renderer with the house's templates for form and field."""

    form_template_name = "base/form.html"
    field_template_name = "base/field.html"
    bound_field_class = Field

    def get_template(self, template_name: str) -> Any:
        """The site's template, else the one that Django ships for widgets."""
        if template_name.startswith("base/"):
            return TemplatesSetting.get_template(self, template_name)
        return DjangoTemplates.get_template(self, template_name)


class DateInput(forms.DateInput):
    """A day, with the browser's calendar."""

    input_type = "date"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%d", **options)


class DateTimeInput(forms.DateTimeInput):
    """A day and a time of day, with the browser's calendar."""

    input_type = "datetime-local"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", **options)


def text(label: Any, most: int, rows: int = 0, **options: Any) -> Any:
    """A text of at most so many letters; `rows`: in a box of so many lines."""
    if rows:
        options["widget"] = forms.Textarea(attrs={"rows": rows, **options.pop("attrs", {})})
    return forms.CharField(label=label, max_length=most, **options)


class FileForm(forms.Form):
    """One file."""

    file = forms.FileField(label=gettext_lazy("File"))


def form_page(
    request: HttpRequest,
    form: forms.BaseForm,
    title: str,
    button: str,
    *,
    template: str = "base/form_page.html",
    **said: Any,
) -> HttpResponse:
    """Show a form: title, words above it (`lead`), fields, button, the way back; `crumbs`: a template."""
    return render(request, template, {"form": form, "title": title, "button": button, **said})


def uploaded(request: HttpRequest, kinds: tuple[str, ...]) -> Kept | None:
    """Store the file of a form without a page of its own; None, after a message that says why not."""
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        tell_wrong(request, form)
        return None
    with ProblemsShown(request):
        return keep(form.cleaned_data["file"], kinds)
    return None


def kept_of(form: forms.BaseForm, name: str, kinds: tuple[str, ...]) -> Kept | None:
    """Store the file of a form's field; None, and the form says why, when it may not be stored."""
    with ProblemsShown(form, name):
        return keep(form.cleaned_data[name], kinds)
    return None


def done(request: HttpRequest, words: str, to: str, **where: Any) -> HttpResponse:
    """Say that a step was taken, and lead on: to a view, with what its address needs, or to an address."""
    messages.success(request, words)
    led: HttpResponse = redirect(to, **where)
    return led


def said(problem: LamsachError) -> str:
    """A problem in words: what, where, what to do."""
    return " ".join(filter(None, (_(problem.what), problem.where, _(problem.todo) if problem.todo else "")))


def say(request: HttpRequest, problem: LamsachError) -> None:
    """Show a problem as a message."""
    messages.error(request, said(problem))


class ProblemsShown:
    """The steps within end at a problem, which is shown: as a message, or on a form's field."""

    def __init__(self, on: HttpRequest | forms.BaseForm, field: str | None = None) -> None:
        self._on, self._field = on, field

    def __enter__(self) -> None:
        """Begin the steps."""

    def __exit__(self, kind: Any, problem: BaseException | None, trace: Any) -> bool:
        """Show the problem; another error goes on."""
        if not isinstance(problem, LamsachError):
            return False
        if isinstance(self._on, HttpRequest):
            say(self._on, problem)
        else:
            self._on.add_error(self._field, said(problem))
        return True


def act(
    request: HttpRequest,
    form: forms.BaseForm,
    step: Callable[[dict[str, Any]], Any],
    done: str,
    *,
    where: bool = False,
) -> bool:
    """Take a step with what a form gives that has no page of its own; messages say that it is done, or what
    is wrong.

    `where`: a problem's place (a file's name) is shown too.
    """
    if not form.is_valid():
        tell_wrong(request, form)
        return False
    try:
        step(form.cleaned_data)
    except LamsachError as problem:
        text = _(problem.what)
        messages.error(request, f"{problem.where}: {text}" if where and problem.where else text)
        return False
    if done:
        messages.success(request, done)
    return True


def tell_wrong(request: HttpRequest, form: forms.BaseForm) -> None:
    """Say what is wrong with a form that has no page of its own to stand on again."""
    for name, problems in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        for problem in problems:
            messages.error(request, f"{label}: {problem}" if label else str(problem))


class ChosenRows(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Rows by their numbers; Django's own field fails in the database at a number that none can hold."""

    def clean(self, value: Any) -> Any:
        """The rows; ValidationError for what is no number of one."""
        for one in value or ():
            if whole(str(one)) is None:
                raise forms.ValidationError(self.error_messages["invalid_pk_value"], params={"pk": one})
        return super().clean(value)


class VersionedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that carries the version of its object, so that a second editor learns of the first."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.fields["version"].initial = self.instance.version

    def save_next(self, held: Any = None) -> bool:
        """Save the next version, in the caller's transaction; False when somebody else was quicker.

        `held`: the locked row, where the caller has read it.
        """
        rows: Any = type(self.instance)._default_manager
        row = held or rows.select_for_update(no_key=True).get(pk=self.instance.pk)
        if row.version != self.cleaned_data["version"]:
            return False
        changed = self.save(commit=False)
        changed.version += 1
        changed.save()
        return True
