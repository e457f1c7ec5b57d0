"""Figures for the back office."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from shop.repositories import statements


class ReportRepository:
    def __init__(self, session: Session) -> None:
        self.session = session

    def revenue(self, status: str, months: int) -> Sequence[Row]:
        return self.session.execute(text(statements.revenue_by_month(status))).fetchmany(months)
