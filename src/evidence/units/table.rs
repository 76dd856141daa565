//! The table of units. Factors: NIST Special Publication 811 (2008), appendix B; US customary volumes.

/// What a unit measures; only units of one dimension convert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::evidence) enum Dimension {
    Length,
    Area,
    Mass,
    Volume,
    Temperature,
    Power,
    Energy,
    Charge,
    Voltage,
    Current,
    Resistance,
    Torque,
    Force,
    Time,
    Calendar,
    Data,
    DataRate,
    Frequency,
    Rotation,
    Pressure,
    Speed,
    Angle,
    LuminousFlux,
    Luminance,
    SoundLevel,
    Share,
    Currency(&'static str),
    Count,
}

/// One unit: `base = value * factor + offset` in the dimension's base unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::evidence) struct Unit {
    /// How the unit is written.
    pub(in crate::evidence) symbol: &'static str,
    aliases: &'static [&'static str],
    pub(in crate::evidence) dimension: Dimension,
    pub(super) factor: f64,
    pub(super) offset: f64,
}

impl Unit {
    /// Yields the symbol and every other name.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.symbol).chain(self.aliases.iter().copied())
    }
}

const fn unit(
    symbol: &'static str,
    aliases: &'static [&'static str],
    dimension: Dimension,
    factor: f64,
) -> Unit {
    Unit { symbol, aliases, dimension, factor, offset: 0.0 }
}

const fn shifted(symbol: &'static str, aliases: &'static [&'static str], factor: f64, offset: f64) -> Unit {
    Unit { symbol, aliases, dimension: Dimension::Temperature, factor, offset }
}

use Dimension::{
    Angle, Area, Calendar, Charge, Count, Currency, Current, Data, DataRate, Energy, Force, Frequency,
    Length, Luminance, LuminousFlux, Mass, Power, Pressure, Resistance, Rotation, Share, SoundLevel, Speed,
    Time, Torque, Voltage, Volume,
};

/// Every unit that quantities may have. Names are unique where case counts (`mW`, `MW`).
pub(in crate::evidence) const UNITS: &[Unit] = &[
    unit("mm", &["millimeter", "millimeters", "millimetre", "millimetres"], Length, 1e-3),
    unit("cm", &["centimeter", "centimeters", "centimetre", "centimetres"], Length, 1e-2),
    unit("m", &["meter", "meters", "metre", "metres"], Length, 1.0),
    unit("km", &["kilometer", "kilometers", "kilometre", "kilometres"], Length, 1e3),
    unit("µm", &["μm", "micron", "microns"], Length, 1e-6),
    unit("nm", &["nanometer", "nanometers", "nanometre", "nanometres"], Length, 1e-9),
    unit("in", &["\"", "″", "”", "''", "inch", "inches"], Length, 0.0254),
    unit("ft", &["'", "′", "’", "foot", "feet"], Length, 0.3048),
    unit("yd", &["yard", "yards"], Length, 0.9144),
    unit("mi", &["mile", "miles"], Length, 1_609.344),
    unit("mm²", &["mm2", "sq mm"], Area, 1e-6),
    unit("cm²", &["cm2", "sq cm"], Area, 1e-4),
    unit("m²", &["m2", "sqm", "sq m", "square meters", "square metres"], Area, 1.0),
    unit("in²", &["in2", "sq in", "square inches"], Area, 6.4516e-4),
    unit("ft²", &["ft2", "sqft", "sq ft", "sq. ft", "square feet"], Area, 0.092_903_04),
    unit("µg", &["μg", "mcg"], Mass, 1e-6),
    unit("mg", &["milligram", "milligrams"], Mass, 1e-3),
    unit("g", &["gr", "gram", "grams", "gramme", "grammes"], Mass, 1.0),
    unit("kg", &["kgs", "kilo", "kilos", "kilogram", "kilograms"], Mass, 1e3),
    unit("t", &["tonne", "tonnes"], Mass, 1e6),
    unit("oz", &["ounce", "ounces"], Mass, 28.349_523_125),
    unit("lb", &["lbs", "pound", "pounds"], Mass, 453.592_37),
    unit("ml", &["milliliter", "milliliters", "millilitre", "millilitres", "cc", "cm³"], Volume, 1e-3),
    unit("cl", &["centiliter", "centilitre", "centilitres"], Volume, 1e-2),
    unit("dl", &["deciliter", "decilitre", "decilitres"], Volume, 0.1),
    unit("l", &["L", "ltr", "liter", "liters", "litre", "litres"], Volume, 1.0),
    unit("m³", &["m3", "cubic meters", "cubic metres"], Volume, 1e3),
    unit("fl oz", &["fl. oz", "fl. oz.", "floz", "fluid ounce", "fluid ounces"], Volume, 0.029_573_529_562_5),
    unit("pt", &["pint", "pints"], Volume, 0.473_176_473),
    unit("qt", &["quart", "quarts"], Volume, 0.946_352_946),
    unit("gal", &["gallon", "gallons"], Volume, 3.785_411_784),
    unit("cu in", &["in³", "in3", "cubic inches"], Volume, 0.016_387_064),
    unit("cu ft", &["ft³", "ft3", "cubic feet"], Volume, 28.316_846_592),
    shifted("°C", &["C", "ºC", "deg C", "degrees Celsius", "Celsius"], 1.0, 273.15),
    shifted("°F", &["F", "ºF", "deg F", "degrees Fahrenheit", "Fahrenheit"], 5.0 / 9.0, 459.67 * 5.0 / 9.0),
    shifted("K", &["kelvin", "kelvins"], 1.0, 0.0),
    unit("mW", &["milliwatt", "milliwatts"], Power, 1e-3),
    unit("W", &["watt", "watts"], Power, 1.0),
    unit("kW", &["kilowatt", "kilowatts"], Power, 1e3),
    unit("MW", &["megawatt", "megawatts"], Power, 1e6),
    unit("hp", &["horsepower"], Power, 745.699_872),
    unit("Wh", &["watt hour", "watt hours", "watt-hours"], Energy, 3_600.0),
    unit("kWh", &["kilowatt hour", "kilowatt hours", "kilowatt-hours"], Energy, 3.6e6),
    unit("J", &["joule", "joules"], Energy, 1.0),
    unit("kJ", &["kilojoule", "kilojoules"], Energy, 1e3),
    unit("kcal", &["kilocalorie", "kilocalories"], Energy, 4_184.0),
    unit("mAh", &["milliamp hours", "milliampere hours"], Charge, 1e-3),
    unit("Ah", &["amp hours", "ampere hours"], Charge, 1.0),
    unit("mV", &["millivolt", "millivolts"], Voltage, 1e-3),
    unit("V", &["volt", "volts"], Voltage, 1.0),
    unit("kV", &["kilovolt", "kilovolts"], Voltage, 1e3),
    unit("mA", &["milliamp", "milliamps"], Current, 1e-3),
    unit("A", &["amp", "amps", "ampere", "amperes"], Current, 1.0),
    unit("Ω", &["\u{2126}", "ohm", "ohms"], Resistance, 1.0),
    unit("kΩ", &["kilohm", "kilohms"], Resistance, 1e3),
    unit("Nm", &["N·m", "N m", "newton meters", "newton metres"], Torque, 1.0),
    unit(
        "ft-lb",
        &["ft-lbs", "ft lb", "ft lbs", "lb-ft", "foot pounds", "foot-pounds"],
        Torque,
        1.355_817_948,
    ),
    unit("in-lb", &["in-lbs", "in lb", "in lbs", "inch pounds", "inch-pounds"], Torque, 0.112_984_829),
    unit("N", &["newton", "newtons"], Force, 1.0),
    unit("ms", &["millisecond", "milliseconds"], Time, 1e-3),
    unit("s", &["sec", "secs", "second", "seconds"], Time, 1.0),
    unit("min", &["mins", "minute", "minutes"], Time, 60.0),
    unit("h", &["hr", "hrs", "hour", "hours"], Time, 3_600.0),
    unit("d", &["day", "days"], Time, 86_400.0),
    unit("weeks", &["week", "wk", "wks"], Time, 604_800.0),
    unit("months", &["month", "mo", "mos"], Calendar, 1.0),
    unit("years", &["year", "yr", "yrs"], Calendar, 12.0),
    unit("KB", &["kilobyte", "kilobytes"], Data, 1e3),
    unit("MB", &["megabyte", "megabytes"], Data, 1e6),
    unit("GB", &["gigabyte", "gigabytes"], Data, 1e9),
    unit("TB", &["terabyte", "terabytes"], Data, 1e12),
    unit("KiB", &[], Data, 1_024.0),
    unit("MiB", &[], Data, 1_048_576.0),
    unit("GiB", &[], Data, 1_073_741_824.0),
    unit("TiB", &[], Data, 1_099_511_627_776.0),
    unit("Mbit/s", &["Mbps", "Mb/s"], DataRate, 1e6),
    unit("MB/s", &[], DataRate, 8e6),
    unit("Gbit/s", &["Gbps", "Gb/s"], DataRate, 1e9),
    unit("Hz", &["hertz"], Frequency, 1.0),
    unit("kHz", &["kilohertz"], Frequency, 1e3),
    unit("MHz", &["megahertz"], Frequency, 1e6),
    unit("GHz", &["gigahertz"], Frequency, 1e9),
    unit("rpm", &["r/min", "revolutions per minute"], Rotation, 1.0),
    unit("Pa", &["pascal", "pascals"], Pressure, 1.0),
    unit("hPa", &["mbar"], Pressure, 100.0),
    unit("kPa", &["kilopascal", "kilopascals"], Pressure, 1e3),
    unit("MPa", &["megapascal", "megapascals"], Pressure, 1e6),
    unit("bar", &["bars"], Pressure, 1e5),
    unit("psi", &["pounds per square inch"], Pressure, 6_894.757),
    unit("m/s", &["meters per second", "metres per second"], Speed, 1.0),
    unit("km/h", &["kmh", "kph", "kilometers per hour", "kilometres per hour"], Speed, 1.0 / 3.6),
    unit("mph", &["miles per hour"], Speed, 0.447_04),
    unit("kn", &["knot", "knots"], Speed, 1_852.0 / 3_600.0),
    unit("°", &["deg", "degree", "degrees"], Angle, 1.0),
    unit("lm", &["lumen", "lumens"], LuminousFlux, 1.0),
    unit("cd/m²", &["cd/m2", "nit", "nits"], Luminance, 1.0),
    unit("dB", &["decibel", "decibels", "dB(A)"], SoundLevel, 1.0),
    unit("%", &["percent", "per cent"], Share, 1.0),
    unit("EUR", &["€", "euro", "euros"], Currency("EUR"), 1.0),
    unit("USD", &["$", "US$", "dollar", "dollars"], Currency("USD"), 1.0),
    unit("GBP", &["£"], Currency("GBP"), 1.0),
    unit("pcs", &["pc", "piece", "pieces"], Count, 1.0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_for_two_units() {
        let mut names: Vec<&str> = UNITS.iter().flat_map(Unit::names).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn names_that_differ_by_case_only_are_few() {
        let mut pairs = Vec::new();
        let names: Vec<&str> = UNITS.iter().flat_map(Unit::names).collect();
        for (index, left) in names.iter().enumerate() {
            pairs.extend(
                names[index + 1..]
                    .iter()
                    .filter(|right| left.eq_ignore_ascii_case(right))
                    .map(|right| (*left, *right)),
            );
        }
        assert_eq!(pairs, [("nm", "Nm"), ("l", "L"), ("mW", "MW"), ("Mb/s", "MB/s")]);
    }
}
