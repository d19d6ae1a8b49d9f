import { declareContracts } from '../contracts/declare.ts';

declareContracts('host');
