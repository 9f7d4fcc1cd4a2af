// The worker in which the package checks texts. It is a file of this site, so that the page can name its URL by its
// own Trusted Types policy.
import 'edgerail/worker-script';
