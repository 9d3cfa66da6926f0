"""The offline writer: scripts and chat answers without any model, from facts and a grammar of spoken blocks."""
