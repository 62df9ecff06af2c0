"""Exchange with other programs and with portals that no network reaches.

Exports, sightings for MISP, webhooks, and the signed exchange file: units that are cut off from each other
pass one `.zip` (`container`): a manifest that Ed25519 signs (sender, receiver, counter, digests) and
payloads. A *partner* (`models.Partner`) is the other side, above our unit or below it. A payload's meaning
belongs to the app that knows it: a module `exchange_kinds.py` (imported when kinds are asked for, see
`kinds.load`) registers a `kinds.Kind`:

    class Reports(Kind):
        name = "reports"                    # in the manifest; never changes
        title = gettext_lazy("Reports")     # for people
        upward = True                       # goes from below to above; downward = True: the other way

        def offer(self, route: Route) -> Payload | None:
            return Payload(self.name, {"reports": [...]}, (PayloadFile("report.pdf", path),))

        def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
            "Translated sentences: what taking it would do. InputError refuses the whole file."

        def store(self, arrival: Arrival, payload: Payload) -> Any:
            "Store payload.files, before the transaction; `take` finds the result in payload.stored."

        def take(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
            "Do it, in the file's one transaction; what was done, in numbers. InputError undoes all of it."

    register(Reports())

Before `preview` or `take` is called, the signature fitted a key that somebody compared, the file is meant for
our unit, its counter was never taken before, and every digest is right. The content is still the other side's
word: check shapes and lengths (`kinds.text`, `kinds.number`, `kinds.day`: ValueError refuses the file), and
whether `arrival.unit` may say so. `payload.files` are in a temporary folder; `store` copies what is to stay.
A payload states everything of its kind, not news: a file that is lost or late needs no asking, since the next
one says it again. `back = True` is for what returns to a partner that was put back from a backup
(`returned_files`).

Campaigns bear the number that the unit above gave them: `units_below.all_theirs(partner, "campaign")` when
sending up, and `units_below.counterpart(partner, "campaign", theirs)` when taking what came from above. A
file from below names our own number. Tests make two portals out of one with `tests/portal/exchanging.py`.
"""
