"""Texts in the making: how tokens are chosen, where a text ends, many at once, drafts ahead."""
