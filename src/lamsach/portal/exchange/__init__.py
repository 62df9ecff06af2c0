"""Exchange with other programs and with portals that no network reaches: exports, sightings for MISP, webhooks, and the signed exchange file.

The signed exchange file, for whoever wants something carried by it
------------------------------------------------------------------
Two units that are cut off from each other pass one `.zip` (`container`): a manifest that Ed25519 signs (sender, receiver, counter, digests) and payloads.
A *partner* (`models.Partner`) is the other side: `partner.above` says whether it stands above our unit or below it. What a payload means belongs to the
app that knows it. An app adds a kind by a module `exchange_kinds.py` (imported when kinds are asked for, see `kinds.load`):

    from lamsach.portal.exchange.kinds import Arrival, Kind, Payload, PayloadFile, Route, register

    class Reports(Kind):
        name = "reports"                    # in the manifest; never changes
        title = gettext_lazy("Reports")     # for people
        upward = True                       # goes from below to above; downward = True: the other way; both may be True

        def offer(self, route: Route) -> Payload | None:
            "What there is to send to route.partner now; None for nothing. data: a JSON object; files: name and path of whole files."
            return Payload(self.name, {"reports": [...]}, (PayloadFile("report.pdf", path),))

        def preview(self, arrival: Arrival, payload: Payload) -> list[str]:
            "Translated sentences: what taking it would do. InputError when it cannot be taken; then the whole file is refused."

        def store(self, arrival: Arrival, payload: Payload) -> Any:
            "Read and store payload.files, before the transaction; `take` finds the result in payload.stored. Only for kinds with files."

        def take(self, arrival: Arrival, payload: Payload) -> dict[str, int]:
            "Do it; what was done, in numbers. Runs inside the file's one transaction: an InputError undoes all of it, and no file is touched in it."

    register(Reports())

Before `preview` or `take` is called, the signature fitted a key that somebody compared, the file is meant for our unit, its counter was never taken before, and every
digest is right. The content is still the other side's word: check shapes and lengths (`kinds.text`, `kinds.number`, `kinds.day` raise ValueError, which refuses
the file), and whether `arrival.unit` (the sender as a unit of our tree) may say so. `payload.files` lie in a temporary folder; `store` copies what is to stay.
A payload states everything of its kind, not what is new: a file that is lost or comes late needs no asking, since the next one says it again. One that is older than what was
taken of its kind is passed over. `back = True` is for what is returned to a partner that was put back from a backup (see `epochs`).

Campaigns bear the number that the unit above gave them: `counterparts.all_theirs(partner, "campaign")` when sending up, and
`counterparts.ours(partner, "campaign", theirs)` when taking what came from above. A file from below names our own number.

Tests make two portals out of one with `tests/portal/exchanging.py`.
"""
