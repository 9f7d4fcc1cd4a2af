//! Where the services are: partitions, hosts, and the region a signature names.

use crate::operation::Service;

/// A partition of AWS: its own accounts, ARNs and domains.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its name in ARNs.
    pub name: &'static str,
    /// What its regions' names begin with.
    prefixes: &'static [&'static str],
    suffix: &'static str,
    dual_stack_suffix: &'static str,
    /// Where its services that are not regional are.
    home: &'static str,
}

/// The partitions, after the AWS SDKs' table of partitions. `aws` is last: its prefixes are tried after those
/// that are longer.
static PARTITIONS: &[Partition] = &[
    Partition {
        name: "aws-cn",
        prefixes: &["cn-"],
        suffix: "amazonaws.com.cn",
        dual_stack_suffix: "api.amazonwebservices.com.cn",
        home: "cn-northwest-1",
    },
    Partition {
        name: "aws-us-gov",
        prefixes: &["us-gov-"],
        suffix: "amazonaws.com",
        dual_stack_suffix: "api.aws",
        home: "us-gov-west-1",
    },
    Partition {
        name: "aws-eusc",
        prefixes: &["eusc-"],
        suffix: "amazonaws.eu",
        dual_stack_suffix: "api.amazonwebservices.eu",
        home: "eusc-de-east-1",
    },
    Partition {
        name: "aws-iso",
        prefixes: &["us-iso-"],
        suffix: "c2s.ic.gov",
        dual_stack_suffix: "api.aws.ic.gov",
        home: "us-iso-east-1",
    },
    Partition {
        name: "aws-iso-b",
        prefixes: &["us-isob-"],
        suffix: "sc2s.sgov.gov",
        dual_stack_suffix: "api.aws.scloud",
        home: "us-isob-east-1",
    },
    Partition {
        name: "aws-iso-e",
        prefixes: &["eu-isoe-"],
        suffix: "cloud.adc-e.uk",
        dual_stack_suffix: "api.cloud-aws.adc-e.uk",
        home: "eu-isoe-west-1",
    },
    Partition {
        name: "aws-iso-f",
        prefixes: &["us-isof-", "eu-isof-"],
        suffix: "csp.hci.ic.gov",
        dual_stack_suffix: "api.aws.hci.ic.gov",
        home: "us-isof-south-1",
    },
    Partition {
        name: "aws",
        prefixes: &[""],
        suffix: "amazonaws.com",
        dual_stack_suffix: "api.aws",
        home: "us-east-1",
    },
];

/// The longest name of a region that is tried.
const REGION_LENGTH: usize = 20;

/// Whether this may be a region's name: what stands in a host's name must be a label of it.
#[must_use]
pub fn is_region(name: &str) -> bool {
    let label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty()
        && name.len() <= REGION_LENGTH
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.contains('-')
        && name.chars().all(label)
}

/// The partition of a region.
#[must_use]
pub fn partition(region: &str) -> &'static Partition {
    let of = |partition: &&Partition| {
        let mut prefixes = partition.prefixes.iter();
        prefixes.any(|prefix| region.starts_with(prefix))
    };
    // The last takes every name.
    PARTITIONS
        .iter()
        .find(of)
        .unwrap_or(&PARTITIONS[PARTITIONS.len() - 1])
}

/// A service's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme and host, maybe a path; no slash at the end.
    pub url: String,
    /// The region that signatures name.
    pub region: String,
}

/// Which of the addresses of a service to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// Those with validated cryptography.
    pub fips: bool,
    /// Those that are reached by IPv6 too.
    pub dual_stack: bool,
}

/// Where a service is for a region.
#[must_use]
pub fn endpoint(service: Service, region: &str, variant: Variant) -> Endpoint {
    let partition = partition(region);
    let region = match service {
        Service::Organizations => partition.home,
        Service::Bedrock | Service::Kms => region,
    };
    // The endpoint of Organizations in aws-us-gov has no second name: it is the validated one.
    let named = !(service == Service::Organizations && partition.name == "aws-us-gov");
    let fips = if variant.fips && named { "-fips" } else { "" };
    let suffix = if variant.dual_stack {
        partition.dual_stack_suffix
    } else {
        partition.suffix
    };
    Endpoint {
        url: format!("https://{}{fips}.{region}.{suffix}", service.name()),
        region: region.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(service: Service, region: &str, fips: bool, dual_stack: bool) -> String {
        endpoint(service, region, Variant { fips, dual_stack }).url
    }

    /// The hosts are those of botocore's endpoint rule sets; tests/peers/aws compares them all with it.
    #[test]
    fn hosts_are_those_of_the_partition() {
        use Service::{Bedrock, Kms, Organizations};
        let cases = [
            (
                Bedrock,
                "us-east-1",
                false,
                false,
                "https://bedrock.us-east-1.amazonaws.com",
            ),
            (
                Bedrock,
                "us-east-1",
                true,
                false,
                "https://bedrock-fips.us-east-1.amazonaws.com",
            ),
            (
                Bedrock,
                "eu-west-1",
                false,
                true,
                "https://bedrock.eu-west-1.api.aws",
            ),
            (
                Bedrock,
                "us-gov-west-1",
                true,
                false,
                "https://bedrock-fips.us-gov-west-1.amazonaws.com",
            ),
            (
                Kms,
                "cn-north-1",
                false,
                false,
                "https://kms.cn-north-1.amazonaws.com.cn",
            ),
            (
                Kms,
                "eusc-de-east-1",
                false,
                false,
                "https://kms.eusc-de-east-1.amazonaws.eu",
            ),
            (
                Organizations,
                "eu-west-1",
                false,
                false,
                "https://organizations.us-east-1.amazonaws.com",
            ),
            (
                Organizations,
                "eu-west-1",
                true,
                false,
                "https://organizations-fips.us-east-1.amazonaws.com",
            ),
            (
                Organizations,
                "us-gov-east-1",
                true,
                false,
                "https://organizations.us-gov-west-1.amazonaws.com",
            ),
            (
                Organizations,
                "cn-north-1",
                false,
                false,
                "https://organizations.cn-northwest-1.amazonaws.com.cn",
            ),
        ];
        for (service, region, fips, dual, expected) in cases {
            assert_eq!(url(service, region, fips, dual), expected);
        }
        let signed = endpoint(Organizations, "eu-central-1", Variant::default()).region;
        assert_eq!(signed, "us-east-1");
    }

    #[test]
    fn what_is_no_region_stays_out_of_host_names() {
        for good in [
            "us-east-1",
            "us-gov-west-1",
            "ap-southeast-5",
            "eusc-de-east-1",
        ] {
            assert!(is_region(good), "{good}");
        }
        for bad in [
            "",
            "us east 1",
            "us-east-1.evil.example",
            "US-EAST-1",
            "x/y-1",
            "-us-1",
            "useast",
            "a-",
            "us-east-1-us-east-1-x",
        ] {
            assert!(!is_region(bad), "{bad}");
        }
    }
}
