"""Who may uncover: named staff, their PINs, and the pad on which they enter them."""
