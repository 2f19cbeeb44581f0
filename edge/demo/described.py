"""What the shelves say of the products that the helpers in `choices/` name: the same as those do, a test compares."""

from typing import Final

DESCRIBED: Final = {
    "bag-sleep-001": "Zomerzak van kunstvezel, mummiemodel. Comfort 9 graden, 950 gram, klein in te pakken.",
    "bag-sleep-002": "Driejaargetijdenzak van kunstvezel, mummiemodel. Comfort 1 graad, 1650 gram.",
    "bag-sleep-003": "Zomerzak van dons, mummiemodel. Comfort 8 graden, 590 gram, klein in te pakken.",
    "bag-sleep-004": "Driejaargetijdenzak van dons, mummiemodel. Comfort 2 graden, 880 gram, klein in te pakken.",
    "bag-sleep-005": "Winterzak van kunstvezel, mummiemodel. Comfort -5 graden, 2300 gram.",
    "bag-sleep-006": "Driejaargetijdenzak van dons, ruim model. Comfort 0 graden, 1150 gram, klein in te pakken.",
    "bag-sleep-007": "Zomerzak van kunstvezel, ruim model. Comfort 10 graden, 1400 gram.",
    "bag-sleep-009": "Driejaargetijdenzak van kunstvezel, ruim model. Comfort 2 graden, 1900 gram.",
    "bag-sleep-012": "Winterzak van kunstvezel, ruim model. Comfort -5 graden, 2650 gram.",
    "bag-sleep-013": "Winterzak van dons, mummiemodel. Comfort -6 graden, 1300 gram, klein in te pakken.",
    "boot-low-001": "Categorie A. Stof met membraan: waterdicht. 720 gram per paar.",
    "boot-low-002": "Categorie A/B. Stof met membraan: waterdicht. 840 gram per paar.",
    "boot-low-003": "Categorie A/B. Stof zonder membraan: luchtig. 790 gram per paar.",
    "boot-low-006": "Categorie B. Stof met membraan: waterdicht. Stevige zool. 1080 gram per paar.",
    "boot-low-007": "Categorie A. Stof zonder membraan: luchtig. 640 gram per paar.",
    "boot-high-001": "Categorie A/B. Leer zonder membraan: luchtig, te verzolen. Stevige zool. 1350 gram per paar.",
    "boot-high-002": "Categorie B. Leer met membraan: waterdicht, te verzolen. Stevige zool. 1490 gram per paar.",
    "boot-high-004": "Categorie B. Leer zonder membraan: luchtig, te verzolen. Stevige zool. 1560 gram per paar.",
    "boot-high-006": "Categorie B/C. Leer met membraan: waterdicht, te verzolen. Stevige zool. 1780 gram per paar.",
    "boot-high-007": "Categorie A/B. Stof met membraan: waterdicht. 980 gram per paar.",
}
