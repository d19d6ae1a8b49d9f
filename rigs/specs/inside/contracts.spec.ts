import { declareContracts } from '../../contracts/declare.ts';
import { onlyInside } from './only-inside.ts';

onlyInside();

declareContracts('6.1');
