// Opens a handle in its own network namespace, starts to add a service, and closes nothing: it is left to end by itself.
import { Ipvs } from 'ipvs';

const ipvs = await Ipvs.open();
ipvs.addService({ fwmark: 1 }).then(() => console.log('added'));
