"""Reporting statements that are too long to stand between other code."""

from __future__ import annotations


def revenue_by_month(status: str) -> str:
    return f"""
        SELECT to_char(o.placed_at, 'YYYY-MM') AS month, sum(l.quantity * l.unit_price) AS amount
        FROM orders o JOIN order_lines l ON l.order_id = o.id
        WHERE o.status = '{status}'
        GROUP BY 1 ORDER BY 1 DESC
    """
