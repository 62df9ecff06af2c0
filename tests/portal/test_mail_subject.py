"""Vietnamese subjects of any length, encoded and decoded."""

from __future__ import annotations

import email
import email.policy
import random
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from lamsach.portal.mail.delivery import Outbox

WORDS = [
    "Xác",
    "nhận",
    "triển",
    "khai:",
    "V/v",
    "chiến",
    "dịch",
    "rà",
    "soát",
    "mã",
    "độc",
    "đơn",
    "vị",
    "Bộ",
    "(số",
    "12/BC)",
    "an",
    "toàn",
    "thông",
    "tin",
    "2026",
    "report",
    "khai",
]


def test_subjects_arrive_as_they_were_written(tmp_path: Path) -> None:
    rng = random.Random(1)
    outbox = Outbox(tmp_path)
    for number in range(300):
        subject = " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 40)))
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = subject
        mail["To"] = "nhan@unit.example"
        mail.set_content("Kính gửi Quý đơn vị")
        outbox.send(mail, number, lambda: None)
        written = (tmp_path / f"letter-{number}.eml").read_bytes()
        assert max(map(len, written.split(b"\r\n"))) <= 998
        assert email.message_from_bytes(written, policy=email.policy.default)["Subject"] == subject
