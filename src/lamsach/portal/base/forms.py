"""Forms: error summary with links to the fields, labels, hints, input preserved."""

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
from lamsach.portal.base.errors import Stale
from lamsach.portal.base.parameters import parse_number
from lamsach.portal.base.uploads import StoredFile, store

_PLAIN = (CheckboxSelectMultiple, RadioSelect)


class Field(BoundField):
    """Bound field with Bootstrap's classes and `aria-invalid`."""

    def build_widget_attrs(self, attrs: Any, widget: Any = None) -> Any:
        """Add the class to the widget's attributes, with `is-invalid` on errors."""
        built: dict[str, Any] = dict(super().build_widget_attrs(attrs, widget))
        shown = widget or self.field.widget
        if not isinstance(shown, _PLAIN):
            built.setdefault("class", _css_class(shown))
            if self.errors:
                built["class"] += " is-invalid"
        return built

    @property
    def is_checkbox(self) -> bool:
        """Return whether the label follows the box."""
        return isinstance(self.field.widget, CheckboxInput)

    @property
    def is_group(self) -> bool:
        """Return whether the field is a group of boxes under one legend."""
        return isinstance(self.field.widget, _PLAIN)


def _css_class(widget: Any) -> str:
    if isinstance(widget, CheckboxInput):
        return "form-check-input"
    if isinstance(widget, Select):
        return "form-select"
    return "form-control"


class Renderer(TemplatesSetting, DjangoTemplates):
    """Django's form renderer with the site's templates for forms and fields."""

    form_template_name = "base/form.html"
    field_template_name = "base/field.html"
    bound_field_class = Field

    def get_template(self, template_name: str) -> Any:
        """The site's template, otherwise the one that Django ships for widgets."""
        if template_name.startswith("base/"):
            return TemplatesSetting.get_template(self, template_name)
        return DjangoTemplates.get_template(self, template_name)


class DateInput(forms.DateInput):
    """Day, with the browser's calendar."""

    input_type = "date"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%d", **options)


class DateTimeInput(forms.DateTimeInput):
    """Day and time, with the browser's calendar."""

    input_type = "datetime-local"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", **options)


def text(label: Any, most: int, rows: int = 0, **options: Any) -> Any:
    """Text field of at most `most` characters; `rows`: a box of so many lines."""
    if rows:
        options["widget"] = forms.Textarea(attrs={"rows": rows, **options.pop("attrs", {})})
    return forms.CharField(label=label, max_length=most, **options)


class FileForm(forms.Form):
    """Form of one file."""

    file = forms.FileField(label=gettext_lazy("File"))


def form_page(
    request: HttpRequest,
    form: forms.BaseForm,
    title: str,
    button: str,
    *,
    template: str = "base/form_page.html",
    **context: Any,
) -> HttpResponse:
    """Show a form: title, lead text, fields, button, way back; `crumbs`: a template."""
    return render(request, template, {"form": form, "title": title, "button": button, **context})


def store_upload(request: HttpRequest, kinds: tuple[str, ...]) -> StoredFile | None:
    """Store the file of a form without its own page; None, after a message with the reason."""
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        show_errors(request, form)
        return None
    with ProblemsShown(request):
        return store(form.cleaned_data["file"], kinds)
    return None


def store_field(form: forms.BaseForm, name: str, kinds: tuple[str, ...]) -> StoredFile | None:
    """Store the file of a form's field; None, with the reason on the form, when it is refused."""
    with ProblemsShown(form, name):
        return store(form.cleaned_data[name], kinds)
    return None


def done(request: HttpRequest, message: str, to: str, **where: Any) -> HttpResponse:
    """Confirm a step and redirect: to a view, with its address's arguments, or to an address."""
    messages.success(request, message)
    response: HttpResponse = redirect(to, **where)
    return response


def problem_text(problem: LamsachError) -> str:
    """A problem as text: what, where, what to do."""
    return " ".join(filter(None, (_(problem.what), problem.where, _(problem.todo) if problem.todo else "")))


def show_problem(request: HttpRequest, problem: LamsachError) -> None:
    """Show a problem as a message."""
    messages.error(request, problem_text(problem))


class ProblemsShown:
    """Context manager that shows a problem and ends the block: as a message, or on a form's field."""

    def __init__(self, on: HttpRequest | forms.BaseForm, field: str | None = None) -> None:
        self._on, self._field = on, field

    def __enter__(self) -> None:
        """Enter the block."""

    def __exit__(self, kind: Any, problem: BaseException | None, trace: Any) -> bool:
        """Show the problem; let any other exception pass."""
        if not isinstance(problem, LamsachError):
            return False
        if isinstance(self._on, HttpRequest):
            show_problem(self._on, problem)
        else:
            self._on.add_error(self._field, problem_text(problem))
        return True


def act(
    request: HttpRequest,
    form: forms.BaseForm,
    step: Callable[[dict[str, Any]], Any],
    done: str,
    *,
    where: bool = False,
) -> bool:
    """Do a step with the data of a form without its own page; report success or problem as a message.

    `where`: also show the problem's place (a file's name).
    """
    if not form.is_valid():
        show_errors(request, form)
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


def show_errors(request: HttpRequest, form: forms.BaseForm) -> None:
    """Show the errors of a form without its own page as messages."""
    for name, problems in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        for problem in problems:
            messages.error(request, f"{label}: {problem}" if label else str(problem))


class ChosenRows(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Rows by their numbers; Django's own field raises a database error for an out-of-range number."""

    def clean(self, value: Any) -> Any:
        """Return the rows; ValidationError for an invalid number."""
        for number in value or ():
            if parse_number(str(number)) is None:
                raise forms.ValidationError(self.error_messages["invalid_pk_value"], params={"pk": number})
        return super().clean(value)


class VersionedForm(forms.ModelForm):  # type: ignore[type-arg]
    """Form with its object's version, so that a second editor notices the first."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.fields["version"].initial = self.instance.version

    def save_next(self, locked: Any = None) -> None:
        """Save the next version, in the caller's transaction; Stale after a concurrent change.

        `locked`: the row if the caller has already locked it.
        """
        rows: Any = type(self.instance)._default_manager
        row = locked or rows.select_for_update(no_key=True).get(pk=self.instance.pk)
        if row.version != self.cleaned_data["version"]:
            raise Stale
        changed = self.save(commit=False)
        changed.version += 1
        changed.save()
