"""The names of units, and filler words around them, as looked up by `units`."""

from yetbetter.grading.names import listed

CURRENCIES = {"€": "euro", "£": "sterling", "¥": "yen", "₹": "rupee", "EUR": "euro", "GBP": "sterling"}
SPELLINGS = {
    "degree": "degree degrees deg degs",
    "radian": "radian radians rad rads",
    "percent": "percent pct percentage",
    "dollar": "dollar dollars usd buck bucks",
    "cent": "cent cents",
    "euro": "euro euros eur",
    "yen": "yen",
    "rupee": "rs rupee rupees",
    "centimeter": "cm cms centimeter centimeters centimetre centimetres",
    "millimeter": "mm millimeter millimeters millimetre millimetres",
    "micrometer": "microm micrometer micrometers micrometre micrometres micron microns",
    "microgram": "microg microgram micrograms",
    "microsecond": "micros microsecond microseconds",
    "microliter": "microl microliter microliters microlitre microlitres",
    "meter": "m meter meters metre metres",
    "kilometer": "km kms kilometer kilometers kilometre kilometres",
    "inch": "in inch inches",
    "foot": "ft foot feet",
    "yard": "yd yds yard yards",
    "mile": "mi mile miles",
    "hour": "h hr hrs hour hours",
    "minute": "min mins minute minutes",
    "second": "s sec secs second seconds",
    "millisecond": "ms millisecond milliseconds",
    "day": "day days",
    "week": "week weeks wk wks",
    "month": "month months mo",
    "year": "year years yr yrs",
    "milligram": "mg milligram milligrams",
    "gram": "g gm gms gram grams",
    "kilogram": "kg kgs kilogram kilograms kilo kilos",
    "pound": "lb lbs pound pounds",
    "ounce": "oz ounce ounces",
    "ton": "ton tons",
    "tonne": "tonne tonnes",
    "milliliter": "ml milliliter milliliters millilitre millilitres",
    "liter": "l liter liters litre litres",
    "pint": "pt pts pint pints",
    "quart": "qt qts quart quarts",
    "gallon": "gal gals gallon gallons",
    "cup": "cup cups",
    "tablespoon": "tbsp tbs tablespoon tablespoons",
    "teaspoon": "tsp teaspoon teaspoons",
    "acre": "acre acres",
    "unit": "unit units un",
    "byte": "byte bytes",
    "kilobyte": "kb kilobyte kilobytes",
    "megabyte": "mb megabyte megabytes",
    "gigabyte": "gb gigabyte gigabytes",
    "newton": "newton newtons",
    "joule": "joule joules",
    "watt": "watt watts",
    "kilowatt": "kw kilowatt kilowatts",
    "volt": "volt volts",
    "hertz": "hz hertz",
    "megahertz": "mhz megahertz",
    "kilowatt-hour": "kwh",
    "ohm": "ohm ohms",
    "pascal": "pa pascal pascals",
    "mole": "mol mole moles",
    "calorie": "cal calorie calories",
    "terabyte": "tb terabyte terabytes",
    "rpm": "rpm",
    "square": "square sq",
    "cubic": "cubic cu",
    "squared": "squared",
    "cubed": "cubed",
    "celsius": "celsius c",
    "fahrenheit": "fahrenheit f",
    "kelvin": "kelvin k",
    "per": "per",
}
KNOWN = {word: unit for unit, words in SPELLINGS.items() for word in words.split()}
WRITTEN_OUT = {"mph": "mile per hour", "kph": "kilometer per hour", "mpg": "mile per gallon", "wpm": "words per minute"}
POWERS = {"square": "2", "squared": "2", "cubic": "3", "cubed": "3"}
SCALES = frozenset(["celsius", "fahrenheit", "kelvin"])
# Letters that are a unit if only a blank separates them from the number: "5 m".
LETTERS = frozenset("mghslL")
SYMBOLS = frozenset("NJWVACFKTLH")
FILLERS = listed(
    """
    a an the of in on at to by for from with each every all any some total altogether overall exactly only
    is are was were be will would can there this that these those it its his her their they he she we i you
    as left more less fewer away long old tall high wide deep apart per us different distinct possible such
    """
)
