//! Prose, code and logs in which the context types must find nothing.

use super::testing::scored;
use super::{PiiType, RECOGNIZERS};

const TEXTS: &[&str] = &[
    "The quarterly report shows that revenue grew by 12% in 2023, from 1,204,500 to 1,349,040 units. Most of the growth \
     came from the Northern Region, where three new stores opened in March and April. Management expects 5 to 7 years \
     of steady demand.",
    "fn main() {\n    let user = request.user();\n    let password = env::var(\"DB_PASSWORD\").unwrap();\n    \
     let version = \"1.2.3\";\n    for i in 0..10 { println!(\"{}: {}\", i, std::mem::size_of::<u64>()); }\n}",
    "2024-01-05T10:20:30.123Z INFO [worker-12] request 123e4567-e89b-12d3-a456-426614174000 took 340 ms, status 200, \
     commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "def connect(host: str, port: int = 5432, user: str = None, password: str = None):\n    return pool.get(host, port)",
    "Order #4567890123 shipped on 05/01/2024; tracking 1Z999AA10123456784, total $1,234.50, 3 items.",
    "Will the May release mark a new chapter? Grace notes and Hope aside, the Summer Update brings Dark Mode to Paris.",
    "| Step | Time | Result |\n|---|---|---|\n| 1.2.3.4.5 | 12:30:45 | 99.8% |\n| 2 | 00:01:02 | 17 |",
    "Users must be at least 18 years old. Passwords must have 12 characters. Forgot your password? Contact support.",
    "SELECT user, password FROM accounts WHERE id = 12345678 AND created_at > '2023-11-30 10:00:00';",
    "La réunion aura lieu dans 3 ans, après 5 ans de travail, au centre de la ville.",
    "Die Firma ist 40 Jahre erfolgreich und hat 1.200 Mitarbeiter in 12 Ländern.",
    "El proyecto tiene 5 módulos y 34 pruebas; hace 2 años que empezó.",
    "npm install left-pad@1.3.0 && pip install requests==2.31.0 # python 3.11.4 on x86_64",
    "Visual Studio Code, Google Cloud Platform and Amazon Web Services are trademarks of their owners.",
];

#[test]
fn ordinary_text_has_no_findings() {
    for text in TEXTS {
        let context = |r: &&&super::Recognizer| {
            use PiiType::{
                Address, Age, Email, IpAddress, MacAddress, Name, Password, Phone, Url, Username,
            };
            [
                Address, Age, Email, IpAddress, MacAddress, Name, Password, Phone, Url, Username,
            ]
            .contains(&r.ty)
        };
        let recognizers: alloc::vec::Vec<_> = RECOGNIZERS.iter().filter(context).copied().collect();
        let found = scored(&recognizers, text);
        assert!(found.is_empty(), "{text:?}: {found:?}");
    }
}
