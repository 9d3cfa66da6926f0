"""What the pages cost and how smooth they are, in real Chromium at the real server: the budgets of the interface."""
