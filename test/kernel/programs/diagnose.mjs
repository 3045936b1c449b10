// Prints as JSON what the diagnosis of the package finds, in this process.
import { diagnose } from 'ipvs';

console.log(JSON.stringify(await diagnose()));
