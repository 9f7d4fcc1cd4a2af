# A security team publishes, by the command line and nothing else. What it leaves: repository/, root.json, baseline.tar.
set -e
scope=aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1
edgerail compile guardrail.json --scope $scope -o server.bundle
edgerail compile guardrail.json --scope $scope --audience browser -o browser.bundle
for who in ana ben job; do
    edgerail keys create $who.pem --unencrypted
done
edgerail publish init --repository repository --approvals 1 \
    --root-key ana.pub.json --root-key ben.pub.json --root-threshold 2 \
    --targets-key ana.pub.json --targets-key ben.pub.json --targets-threshold 2 \
    --timestamp-key job.pub.json --key ana.pem --key ben.pem --key job.pem
edgerail publish add server.bundle browser.bundle --repository repository --approved-by ana@example.com --ticket SEC-1 \
    --reason "first policy" --source guardrail.json --key ana.pem --key ben.pem --key job.pem
cp repository/metadata/1.root.json root.json
edgerail repository export --url repository --root root.json --target $scope.browser.bundle --output baseline.tar
