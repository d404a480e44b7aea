//! How positions turn queries and keys (rotary embeddings), and how that is stretched for long
//! texts.

use std::f64::consts::PI;

use super::read::Fields;
use super::{Architecture, MOST_CONTEXT};
use crate::MlxError;

/// What windows turn by where nothing else is said.
pub const LOCAL_THETA: f32 = 10_000.0;

/// How positions turn queries and keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Rope {
    /// The slowest turn takes about this many tokens: the base of all frequencies.
    pub theta: f32,
    /// How it is stretched.
    pub scaling: RopeScaling,
    /// Whether neighbours are turned together, instead of the two halves of a head.
    pub is_interleaved: bool,
}

/// How rotations are stretched for texts that are longer than those of the training.
#[derive(Clone, Debug, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// All positions are divided by this.
    Linear {
        /// The divisor.
        factor: f32,
    },
    /// Slow rotations are stretched, fast ones are left, as Llama 3.1 does it.
    Llama3 {
        /// How far slow ones are stretched.
        factor: f32,
        /// Rotations slower than `original / low` tokens are stretched in full.
        low: f32,
        /// Those faster than `original / high` are left.
        high: f32,
        /// Tokens of the training.
        original: f32,
    },
    /// YaRN (Peng et al., 2023): a ramp between stretched and left rotations, by how often each
    /// turns within the training's length.
    Yarn {
        /// How far slow ones are stretched.
        factor: f32,
        /// Rotations that turn more often than this are left.
        fast: f32,
        /// Those that turn less often are stretched in full.
        slow: f32,
        /// Tokens of the training.
        original: f32,
        /// What queries and keys are multiplied by.
        magnitude: f32,
    },
}

impl Rope {
    pub(super) fn of(architecture: Architecture, fields: Fields<'_>) -> Result<Self, MlxError> {
        let parameters = fields.object("rope_parameters")?;
        let own = fields.base("rope_theta")?;
        let inner = match parameters {
            Some(parameters) => parameters.base("rope_theta")?,
            None => None,
        };
        let default = match architecture {
            Architecture::Qwen2 | Architecture::Gemma3 => 1e6,
            _ => 10_000.0,
        };
        // The newer place says it alone where both are there, as mlx-lm has it for Ministral.
        let theta = match architecture {
            Architecture::Ministral3 => inner.or(own),
            _ => own.or(inner),
        };
        let scaling = match fields.object("rope_scaling")? {
            Some(scaling) => Some(scaling),
            None => parameters,
        };
        Ok(Self {
            theta: theta.unwrap_or(default),
            scaling: scaling.map_or(Ok(RopeScaling::None), RopeScaling::of)?,
            is_interleaved: fields.truth("rope_traditional")?.unwrap_or(false),
        })
    }

    /// The two kinds of a model whose windows turn otherwise than its other layers, first the one of
    /// layers that see everything, where `rope_parameters` has both; `None` where it has one kind.
    pub(super) fn by_kind(fields: Fields<'_>) -> Result<Option<(Self, Self)>, MlxError> {
        let Some(parameters) = fields.object("rope_parameters")? else { return Ok(None) };
        let (full, sliding) = ("full_attention", "sliding_attention");
        match (parameters.object(full)?, parameters.object(sliding)?) {
            (None, None) => Ok(None),
            (Some(everything), Some(window)) => {
                let kind = |own: Fields<'_>, default: f32| {
                    Ok::<_, MlxError>(Self {
                        theta: own.base("rope_theta")?.unwrap_or(default),
                        scaling: RopeScaling::of(own)?,
                        is_interleaved: false,
                    })
                };
                Ok(Some((kind(everything, 1e6)?, kind(window, LOCAL_THETA)?)))
            }
            (Some(_), None) => Err(super::missing_in(parameters, sliding)),
            (None, Some(_)) => Err(super::missing_in(parameters, full)),
        }
    }

    /// How many tokens each rotation of a head of this width takes to turn by one radian; `None`
    /// where [`Rope::theta`] says it by itself.
    pub fn periods(&self, head_width: u32) -> Option<Vec<f32>> {
        let width = f64::from(head_width);
        let theta = f64::from(self.theta);
        let periods = (0..head_width / 2).map(|pair| theta.powf(2.0 * f64::from(pair) / width));
        match self.scaling {
            RopeScaling::None | RopeScaling::Linear { .. } => None,
            RopeScaling::Llama3 { factor, low, high, original } => {
                let [factor, low, high, original] = [factor, low, high, original].map(f64::from);
                let stretched = periods.map(|period| {
                    let wave = 2.0 * PI * period;
                    if wave > original / low {
                        period * factor
                    } else if wave > original / high {
                        let smooth = (original / wave - low) / (high - low);
                        period / ((1.0 - smooth) / factor + smooth)
                    } else {
                        period
                    }
                });
                Some(stretched.map(|period| period as f32).collect())
            }
            RopeScaling::Yarn { factor, fast, slow, original, .. } => {
                let [factor, fast, slow, original] = [factor, fast, slow, original].map(f64::from);
                // The pair that turns so often within the training's length.
                let pair =
                    |turns: f64| width * (original / (turns * 2.0 * PI)).ln() / (2.0 * theta.ln());
                let first = pair(fast).floor().max(0.0);
                let last = pair(slow).ceil().min(width - 1.0);
                let last = if first >= last { first + 0.001 } else { last };
                let stretched = periods.enumerate().map(|(pair, period)| {
                    let share = ((pair as f64 - first) / (last - first)).clamp(0.0, 1.0);
                    let slower = factor * period;
                    slower * period / (slower * (1.0 - share) + period * share)
                });
                Some(stretched.map(|period| period as f32).collect())
            }
        }
    }
}

impl RopeScaling {
    fn of(fields: Fields<'_>) -> Result<Self, MlxError> {
        let kind = match fields.text("type")? {
            Some(kind) => Some(kind),
            None => fields.text("rope_type")?,
        };
        let factor = || {
            fields
                .number("factor", 1.0..=4096.0)?
                .ok_or_else(|| super::missing_in(fields, "factor"))
        };
        let original = |default: f32| {
            let found = fields.positive("original_max_position_embeddings", MOST_CONTEXT as f32)?;
            Ok::<_, MlxError>(found.unwrap_or(default))
        };
        match kind.unwrap_or("default") {
            "default" => Ok(Self::None),
            "linear" => Ok(Self::Linear { factor: factor()? }),
            "llama3" => {
                let low = fields.positive("low_freq_factor", 1e6)?.unwrap_or(1.0);
                let high = fields.positive("high_freq_factor", 1e6)?.unwrap_or(4.0);
                if high <= low {
                    return Err(super::config_error(
                        &fields.name("high_freq_factor"),
                        "is not above `low_freq_factor`",
                    ));
                }
                Ok(Self::Llama3 { factor: factor()?, low, high, original: original(8192.0)? })
            }
            "yarn" => {
                let factor = factor()?;
                let strength = |field: &str, default: f32| {
                    Ok::<_, MlxError>(fields.number(field, 0.0..=100.0)?.unwrap_or(default))
                };
                let magnitude = |strength: f32| {
                    if factor <= 1.0 { 1.0 } else { 0.1 * strength * factor.ln() + 1.0 }
                };
                let (own, all) = (strength("mscale", 1.0)?, strength("mscale_all_dim", 0.0)?);
                Ok(Self::Yarn {
                    factor,
                    fast: fields.positive("beta_fast", 1e6)?.unwrap_or(32.0),
                    slow: fields.positive("beta_slow", 1e6)?.unwrap_or(1.0),
                    original: original(4096.0)?,
                    magnitude: magnitude(own) / magnitude(all),
                })
            }
            other => Err(MlxError::Unsupported { what: format!("the position scaling `{other}`") }),
        }
    }
}
