"""Exchange with other programs, and with portals that no network reaches.

Exports, sightings for MISP, webhooks, and the signed exchange file: units without a connection pass one
`.zip` (`container`) of payloads and a manifest (sender, receiver, counter, digests) signed with Ed25519. A
*partner* (`models.Partner`) is the other side, above our unit or below it. The app that owns the content
registers a `kinds.Kind` in a module `exchange_kinds.py` (imported on demand by `kinds.load`):

    class Reports(Kind):
        name = "reports"                    # in the manifest; never changes
        title = gettext_lazy("Reports")     # for people
        upward = True                       # sent from below to above; downward = True: the other way

        def offer(self, route: Route) -> Payload | None:
            return Payload(self.name, {"reports": [...]}, (PayloadFile("report.pdf", path),))

        def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
            "Translated sentences: the effect of accepting it. InputError rejects the whole file."

        def store(self, arrival: Arrival, payload: Payload) -> Any:
            "Store payload.files, before the transaction; `apply` gets the result in payload.stored."

        def apply(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
            "Apply it, in the file's one transaction; counts of changes. InputError rolls all of it back."

    register(Reports())

Before `preview` or `apply` runs, the signature was verified with a key whose fingerprint was compared, and
the receiver, the counter (never accepted before) and every digest were checked. The content is still
untrusted: check shapes and lengths (`kinds.text`, `kinds.number`, `kinds.day`: ValueError rejects the file),
and whether `arrival.unit` may state it. `payload.files` are in a temporary folder; `store` copies those to
retain. A payload states everything of its kind, not changes, so the next file makes up for a lost or late
one. `back = True` marks kinds returned to a partner that was restored from a backup (`returned_files`).

Files use the campaign number of the unit above: `units_below.all_theirs(partner, "campaign")` when sending
up, and `units_below.counterpart(partner, "campaign", theirs)` for a file from above. A file from below names
our own number. Tests build two portals out of one with `tests/portal/exchange_pair.py`.
"""
