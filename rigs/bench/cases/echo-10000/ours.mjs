import { echo } from '../../kit/crowd/echo.mjs';

await echo('ours');
