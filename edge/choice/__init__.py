"""The choice helper: questions that lead to products that fit, without knowing who asks."""
