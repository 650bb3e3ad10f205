// A process that runs a tool in the sandbox until somebody ends it.
import { runTool } from '../../src/sandbox/tool.ts';

const [marker = ''] = process.argv.slice(2);
const tool = runTool('sh', ['-c', 'sleep 1000 & sleep 1000; :', marker]);
setTimeout(() => process.stdout.write('running\n'), 500);
await tool;
