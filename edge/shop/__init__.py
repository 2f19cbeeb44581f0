"""What belongs to the shop as a whole: its switches, and what staff say and use of Welkom."""
