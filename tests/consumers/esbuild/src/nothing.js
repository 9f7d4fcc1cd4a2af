import 'edgerail';
import 'edgerail/stream';
import 'edgerail/form';
import 'edgerail/compile';
import 'edgerail/worker';
