import { guardStream } from 'edgerail';

globalThis.guardStream = guardStream;
